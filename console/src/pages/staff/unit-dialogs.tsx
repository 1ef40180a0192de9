/** A new unit; and what a unit is called and who sells there (rule Z2). */
import { changeOrgUnit, createOrgUnit, type OrgNode } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Radio, Select } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useStaffT } from './messages.ts';

const TOUCHED = ['org.tree', 'org.list'] as const;
type Seller = { name: string; legalName: string; licenceNo: string; address: string; servicePhone: string };
const trimmed = ({ name, legalName, licenceNo, address, servicePhone }: Seller): Seller => ({
  ...{ name: name.trim(), legalName: legalName.trim(), licenceNo: licenceNo.trim().toUpperCase() },
  ...{ address: address.trim(), servicePhone: servicePhone.trim() },
});

const SellerFields = (): ReactNode => {
  const t = useStaffT();
  return (
    <>
      <Form.Item
        name="name"
        label={t('tree.name')}
        rules={[{ required: true, whitespace: true, message: t('required') }]}
      >
        <Input maxLength={40} autoFocus data-testid="unit-name" />
      </Form.Item>
      <Form.Item name="legalName" label={t('tree.legal')} extra={t('tree.legal.hint')}>
        <Input maxLength={80} data-testid="unit-legal" />
      </Form.Item>
      <Form.Item
        name="licenceNo"
        label={t('tree.licence')}
        rules={[{ pattern: /^[0-9A-Za-z]{0,18}$/, message: t('tree.licence.wrong') }]}
      >
        <Input maxLength={18} />
      </Form.Item>
      <Form.Item name="address" label={t('tree.address')}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item
        name="servicePhone"
        label={t('tree.phone')}
        rules={[{ pattern: /^[0-9+ -]{0,20}$/, message: t('tree.phone.wrong') }]}
      >
        <Input maxLength={20} inputMode="tel" />
      </Form.Item>
    </>
  );
};
const empty: Seller = { name: '', legalName: '', licenceNo: '', address: '', servicePhone: '' };

type New = Seller & { parentId: string; kind: 'channel' | 'store'; slug: string };
export const NewUnitDialog = ({
  units,
  parentId,
  onClose,
}: {
  units: readonly OrgNode[];
  parentId: string;
  onClose: () => void;
}): ReactNode => {
  const t = useStaffT();
  const all = useT();
  const toast = useToast();
  const [form] = Form.useForm<New>();
  const create = useAction(createOrgUnit, TOUCHED);
  const isTaken = isApiError(create.error) && create.error.code === 'conflict';
  const submit = async ({ parentId: under, kind, slug, ...seller }: New): Promise<void> => {
    await create.mutateAsync({ body: { parentId: under, kind, slug, ...trimmed(seller) } });
    toast(t('tree.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('tree.new')}
      okText={t('tree.new')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'unit-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ ...empty, parentId, kind: 'store', slug: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="parentId" label={t('tree.parent')}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            options={units
              .filter(({ unit, closedAt }) => unit.kind !== 'store' && closedAt === null)
              .map(({ unit }) => ({ value: unit.id, label: unit.name }))}
          />
        </Form.Item>
        <Form.Item name="kind" label={t('tree.kind')}>
          <Radio.Group
            options={(['store', 'channel'] as const).map((value) => ({ value, label: all(`unit.${value}`) }))}
          />
        </Form.Item>
        <SellerFields />
        <Form.Item
          name="slug"
          label={t('tree.slug')}
          extra={t('tree.slug.hint')}
          {...(isTaken ? { validateStatus: 'error' as const, help: t('tree.slug.taken') } : {})}
          rules={[{ required: true, pattern: /^[a-z0-9-]{1,30}$/, message: t('tree.slug.wrong') }]}
        >
          <Input maxLength={30} data-testid="unit-slug" />
        </Form.Item>
        {!isTaken && <Failure error={create.error} />}
      </Form>
    </Modal>
  );
};

export const ChangeUnitDialog = ({ node, onClose }: { node: OrgNode; onClose: () => void }): ReactNode => {
  const t = useStaffT();
  const toast = useToast();
  const [form] = Form.useForm<Seller & { reason: string }>();
  const change = useAction(changeOrgUnit, TOUCHED);
  const submit = async ({ reason, ...seller }: Seller & { reason: string }): Promise<void> => {
    await change.mutateAsync({ params: { id: node.unit.id }, body: { ...trimmed(seller), reason: reason.trim() } });
    toast(t('tree.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('tree.rename.title', { name: node.unit.name })}
      okText={t('tree.save')}
      confirmLoading={change.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'unit-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ ...node, name: node.unit.name, reason: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <SellerFields />
        <Form.Item
          name="reason"
          label={t('account.reason')}
          rules={[{ required: true, whitespace: true, min: 2, message: t('required.reason') }]}
        >
          <Input maxLength={200} data-testid="unit-reason" />
        </Form.Item>
        <Failure error={change.error} />
      </Form>
    </Modal>
  );
};
