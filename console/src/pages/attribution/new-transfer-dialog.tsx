import { listStaff, listTransfers, previewTransfer, startTransfer } from '@walnut-live/contracts';
import { Skeleton, useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Select } from 'antd';
import { type ReactNode, useMemo } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useAttributionT } from './messages.ts';

type Values = { guide: string; to: string[]; reason: string };

/** Choose who leaves, see how many customers that are, choose who takes them. What was shown is what is moved. */
export const NewTransferDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useAttributionT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const guideId = Form.useWatch('guide', form);
  const to = Form.useWatch('to', form) ?? [];
  const staff = useCall(listStaff, undefined);
  const guides = useMemo(
    () => (staff.data?.items ?? []).filter(({ orgUnit, role }) => orgUnit.kind === 'store' && role !== 'assistant'),
    [staff.data],
  );
  const orgUnitId = guides.find(({ id }) => id === guideId)?.orgUnit.id ?? '';
  const preview = useCall(
    previewTransfer,
    { query: { guideId: guideId ?? '', orgUnitId } },
    { enabled: orgUnitId !== '' },
  );
  const start = useAction(startTransfer, [listTransfers.id]);
  const seen = preview.data?.guide.id === guideId ? preview.data : undefined;
  const submit = async (values: Values): Promise<void> => {
    if (!seen) return;
    await start.mutateAsync({
      kind: `${values.guide}.${seen.customers}`,
      body: { guideId: values.guide, orgUnitId, to: values.to, reason: values.reason.trim(), expected: seen.customers },
    });
    toast(t('transfer.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('transfer.dialog')}
      okText={t('transfer.submit', { n: seen?.customers ?? 0 })}
      confirmLoading={start.isPending}
      okButtonProps={{ danger: true, disabled: !seen || seen.customers === 0, 'data-testid': 'transfer-submit' }}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="co-attribution-hint">{t('transfer.hint')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ to: [], reason: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="guide" label={t('transfer.from')} rules={[{ required: true, message: t('transfer.pick') }]}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            placeholder={t('transfer.pick')}
            loading={staff.isFetching}
            options={guides.map(({ id, name, orgUnit }) => ({ value: id, label: `${name} · ${orgUnit.name}` }))}
            onChange={() => form.setFieldValue('to', [])}
            data-testid="transfer-from"
          />
        </Form.Item>
        {orgUnitId !== '' && (
          <AsyncView query={preview} skeleton={<Skeleton lines={2} height={20} />}>
            {() =>
              seen && (
                <p className={seen.active ? 'co-warning' : 'co-quiet'} data-testid="transfer-preview">
                  {seen.customers === 0
                    ? t('transfer.preview.none')
                    : t('transfer.preview', { customers: seen.customers, protected: seen.protected })}
                  {seen.active && ` · ${t('transfer.active')}`}
                </p>
              )
            }
          </AsyncView>
        )}
        <Form.Item
          name="to"
          label={t('transfer.to')}
          extra={
            to.length > 0 && seen
              ? t('transfer.share', { n: Math.ceil(seen.customers / to.length) })
              : t('transfer.pick.to')
          }
          rules={[{ required: true, type: 'array', min: 1, message: t('transfer.pick.needed') }]}
        >
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'label' }}
            options={(seen?.receivers ?? []).map(({ person, orgUnit, customers }) => ({
              value: person.id,
              label: `${person.name} · ${orgUnit.name} · ${t('transfer.has', { n: customers })}`,
            }))}
            data-testid="transfer-to"
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('reason.needed') }]}
        >
          <Input maxLength={200} data-testid="transfer-reason" />
        </Form.Item>
        <Failure error={start.error} />
      </Form>
    </Modal>
  );
};
