import {
  type DrainCard,
  type DrainCardKind,
  drainCardKinds,
  listStaff,
  pictureTypes,
  putDrainCard,
  uploadFile,
} from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Button, DatePicker, Form, Input, Modal, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useRef, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useWhomT } from './messages.ts';

type Values = {
  kind: DrainCardKind;
  orgUnitId: string;
  guideId?: string | null;
  title: string;
  hint?: string;
  link?: string;
  expiresAt?: Dayjs | null;
};
/** An end that has come is nothing to begin with: the form could not be saved. */
const endOf = (card: DrainCard | null): Dayjs | null =>
  card?.expiresAt && card.state !== 'expired' ? dayjs(card.expiresAt) : null;
const idOf = (url: string | null | undefined): string | null => url?.split('/').at(-1) ?? null;

export const CardDialog = ({ card, onClose }: { card: DrainCard | null; onClose: () => void }): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, may, staff, me } = useSession();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch('kind', form) ?? card?.kind ?? 'store_group';
  const unitId = Form.useWatch('orgUnitId', form) ?? card?.orgUnit.id ?? staff.orgUnit.id;
  const people = useCall(listStaff, undefined, { enabled: may('staff:read') });
  const put = useAction(putDrainCard, ['drain-cards.list']);
  const [pictureId, setPictureId] = useState(idOf(card?.pictureUrl));
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isGuide = staff.role === 'guide';

  const upload = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setBusy(true);
    try {
      const name = file.name.slice(-80);
      setPictureId((await api.call(uploadFile, { query: { purpose: 'card', name }, file })).id);
      form.setFieldValue('expiresAt', null); // the end was that of the old picture; a group's new code has its own
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      if (input.current) input.current.value = '';
    }
  };
  const submit = async (values: Values): Promise<void> => {
    await put.mutateAsync({
      body: {
        kind: values.kind,
        orgUnitId: values.orgUnitId,
        guideId: values.kind === 'guide' ? (values.guideId ?? null) : null,
        title: values.title.trim(),
        hint: values.hint?.trim() ?? '',
        link: values.link?.trim() || null,
        pictureId,
        expiresAt: values.expiresAt?.toDate().toISOString() ?? null,
      },
    });
    toast(t('card.saved'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('cards.new')}
      okText={t('save')}
      cancelText={t('cancel')}
      confirmLoading={put.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'card-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          kind: card?.kind ?? (isGuide ? 'guide' : 'store_group'),
          orgUnitId: card?.orgUnit.id ?? staff.orgUnit.id,
          guideId: card?.guide?.id ?? (isGuide ? me.id : null),
          title: card?.title ?? '',
          hint: card?.hint ?? '',
          link: card?.link ?? '',
          expiresAt: endOf(card),
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="kind" label={t('card.kind')}>
          <Select
            disabled={card !== null || isGuide}
            options={drainCardKinds.map((value) => ({ value, label: t(`card.${value}`) }))}
          />
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('card.unit')}>
          <UnitSelect disabled={card !== null} onChange={() => form.setFieldValue('guideId', null)} />
        </Form.Item>
        {kind === 'guide' && !isGuide && (
          <Form.Item name="guideId" label={t('card.guide-of')}>
            <Select
              allowClear
              disabled={card !== null}
              options={(people.data?.items ?? [])
                .filter((person) => person.active && person.orgUnit.id === unitId)
                .map((person) => ({ value: person.id, label: person.name }))}
            />
          </Form.Item>
        )}
        <Form.Item
          name="title"
          label={t('card.name')}
          rules={[{ required: true, whitespace: true, message: t('card.name') }]}
        >
          <Input maxLength={30} showCount data-testid="card-title" />
        </Form.Item>
        <Form.Item name="hint" label={t('card.hint')}>
          <Input maxLength={60} showCount />
        </Form.Item>
        <Form.Item name="link" label={t('card.link')}>
          <Input maxLength={500} placeholder="https://" data-testid="card-link" />
        </Form.Item>
        <Form.Item label={t('card.picture')} {...(kind === 'store_group' ? { extra: t('card.group-hint') } : {})}>
          <span className="co-inline">
            {pictureId && <img src={`/api/v1/files/${pictureId}`} alt="" width={88} height={88} />}
            <input
              ref={input}
              type="file"
              hidden
              accept={pictureTypes.join(',')}
              data-testid="card-file"
              onChange={(event) => void upload(event.target.files?.[0])}
            />
            <Button loading={busy} onClick={() => input.current?.click()}>
              {t('card.picture')}
            </Button>
          </span>
        </Form.Item>
        <Form.Item name="expiresAt" label={t('card.expires')}>
          <DatePicker
            showTime={{ format: 'HH:mm' }}
            format="YYYY-MM-DD HH:mm"
            inputReadOnly
            disabledDate={(date) => date.isBefore(dayjs(), 'day')}
          />
        </Form.Item>
        <Failure error={put.error} />
      </Form>
    </Modal>
  );
};
