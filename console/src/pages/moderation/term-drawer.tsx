import {
  addTerm,
  type GuardTerm,
  MAX_TERM_LENGTH,
  patchTerm,
  removeTerm,
  type TermAction,
  type TermKind,
  termActions,
  termKinds,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { Button, Drawer, Form, Input, Radio, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { useModerationT } from './messages.ts';

const touched = ['guard.terms', 'guard.changes'];
type Values = { text: string; kind: TermKind; action: TermAction; source: string; active: boolean };

export const TermDrawer = ({ term, onClose }: { term: GuardTerm | 'new' | null; onClose: () => void }): ReactNode => {
  const t = useModerationT();
  return (
    <Drawer
      open={term !== null}
      onClose={onClose}
      size={480}
      destroyOnHidden
      rootClassName="co-drawer"
      title={term === 'new' || term === null ? t('words.add') : t('words.edit', { text: term.text })}
    >
      {term !== null && <TermForm term={term === 'new' ? null : term} onDone={onClose} />}
    </Drawer>
  );
};

const TermForm = ({ term, onDone }: { term: GuardTerm | null; onDone: () => void }): ReactNode => {
  const t = useModerationT();
  const common = useT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const [form] = Form.useForm<Values>();
  const add = useAction(addTerm, touched);
  const patch = useAction(patchTerm, touched);
  const remove = useAction(removeTerm, touched);
  const kind = Form.useWatch('kind', form) ?? term?.kind ?? 'claim';
  const actions = termActions.filter((action) => (action === 'allow') === (kind === 'harmless'));

  /** Stays until the next try: a toast is gone when somebody looks up. */
  const failed = (error: unknown): ReactNode => (
    <p className="co-form-error" role="alert" data-testid="term-failed">
      {isApiError(error) && error.code === 'conflict' ? t('words.conflict') : errorText(error)}
    </p>
  );
  const failure = add.error ?? patch.error;
  const save = async (values: Values): Promise<void> => {
    const { active, text, ...rest } = values;
    try {
      if (term) await patch.mutateAsync({ params: { id: term.id }, body: { ...rest, active } });
      else await add.mutateAsync({ body: { ...rest, text } });
      toast(t('words.saved'), { tone: 'success' });
      onDone();
    } catch {
      // told above the button
    }
  };
  const drop = async (): Promise<void> => {
    if (!term) return;
    const yes = await confirm({
      title: t('words.remove.title', { text: term.text }),
      body: t('words.remove.body'),
      confirmText: t('words.remove'),
      tone: 'danger',
    });
    if (!yes) return;
    try {
      await remove.mutateAsync({ params: { id: term.id } });
      toast(t('words.removed'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };

  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={term ?? { text: '', kind: 'claim', action: 'block', source: '', active: true }}
      onFinish={(values) => void save(values)}
      onValuesChange={(changed: Partial<Values>) => {
        if (changed.kind === undefined) return;
        const isAllowed = form.getFieldValue('action') === 'allow';
        if (changed.kind === 'harmless') form.setFieldValue('action', 'allow');
        else if (isAllowed) form.setFieldValue('action', 'block');
      }}
    >
      <Form.Item
        name="text"
        label={t('words.term')}
        extra={t('words.rule')}
        rules={[{ required: true, whitespace: true, message: common('form.needed') }]}
      >
        <Input maxLength={MAX_TERM_LENGTH} disabled={term !== null} data-testid="term-text" />
      </Form.Item>
      <Form.Item name="kind" label={t('words.kind')}>
        <Select options={termKinds.map((value) => ({ value, label: t(`kind.${value}`) }))} />
      </Form.Item>
      <Form.Item name="action" label={t('words.action')}>
        <Radio.Group className="co-actions">
          {actions.map((action) => (
            <Radio key={action} value={action}>
              {t(`action.${action}`)}
              <small>{t(`action.${action}.hint`)}</small>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item name="source" label={t('words.source')}>
        <Input.TextArea maxLength={200} rows={2} />
      </Form.Item>
      <Form.Item name="active" label={t('words.active')} valuePropName="checked" hidden={term === null}>
        <Switch />
      </Form.Item>
      {failure !== null && failed(failure)}
      <div className="co-form-foot">
        {term && (
          <Button danger loading={remove.isPending} onClick={() => void drop()}>
            {t('words.remove')}
          </Button>
        )}
        <Button type="primary" htmlType="submit" loading={add.isPending || patch.isPending} data-testid="term-save">
          {t('save')}
        </Button>
      </div>
    </Form>
  );
};
