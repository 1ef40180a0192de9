/** A new account, and another name, role or unit for one. Which roles can be given says the server. */
import {
  changeStaffAccount,
  createStaffAccount,
  grantableRoles,
  type StaffAccount,
  type StaffRole,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { CopyButton, useErrorText, useToast } from '@walnut-live/ui';
import { Button, Form, Input, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect, useUnits } from '../../shared/unit-select.tsx';
import { useStaffT } from './messages.ts';

const PHONE = /^1[3-9]\d{9}$/;
const TOUCHED = ['staff.list', 'staff.get', 'org.tree'] as const;
type Values = { name: string; role: StaffRole; orgUnitId: string; phone?: string };

/** Name, phone, role, and a unit of a kind in which that role can be. `phoneMasked`: of the one they have. */
const AccountFields = ({ phoneMasked = null }: { phoneMasked?: string | null }): ReactNode => {
  const t = useStaffT();
  const all = useT();
  const form = Form.useFormInstance<Values>();
  const role = Form.useWatch('role', form);
  const errorText = useErrorText();
  const { units } = useUnits();
  const roles = useCall(grantableRoles, undefined);
  const kindsOf = (asked: StaffRole | undefined) => roles.data?.items.find((one) => one.role === asked)?.unitKinds;
  const kinds = kindsOf(role);
  // The unit may be of a kind in which that role cannot be.
  const keepFitting = (next: StaffRole): void => {
    const unit = units.find(({ id }) => id === form.getFieldValue('orgUnitId'));
    if (!unit || !kindsOf(next)?.includes(unit.kind)) form.setFieldValue('orgUnitId', undefined);
  };
  return (
    <>
      <Form.Item
        name="name"
        label={t('account.name')}
        rules={[{ required: true, whitespace: true, message: t('required') }]}
      >
        <Input maxLength={24} autoFocus data-testid="account-name" />
      </Form.Item>
      <Form.Item
        name="phone"
        label={t('account.phone')}
        extra={t('account.phone.hint')}
        rules={[{ pattern: PHONE, message: t('account.phone.wrong') }]}
      >
        <Input
          maxLength={11}
          inputMode="tel"
          autoComplete="off"
          placeholder={phoneMasked ?? t('account.phone.none')}
          data-testid="account-phone"
        />
      </Form.Item>
      <Form.Item
        name="role"
        label={all('staff.role')}
        rules={[{ required: true, message: t('required') }]}
        {...(roles.error && !roles.data
          ? {
              validateStatus: 'error' as const,
              help: (
                <span role="alert">
                  {errorText(roles.error)}{' '}
                  <Button type="link" size="small" onClick={() => void roles.refetch()} data-testid="roles-retry">
                    {all('common.retry')}
                  </Button>
                </span>
              ),
            }
          : {})}
      >
        <Select
          loading={roles.isFetching}
          options={(roles.data?.items ?? []).map((one) => ({ value: one.role, label: all(`role.${one.role}`) }))}
          labelRender={({ value }) => all(`role.${value as StaffRole}`)}
          onChange={keepFitting}
          data-testid="account-role"
        />
      </Form.Item>
      <Form.Item name="orgUnitId" label={all('staff.unit')} rules={[{ required: true, message: t('required') }]}>
        <UnitSelect {...(kinds ? { kinds } : {})} data-testid="account-unit" />
      </Form.Item>
    </>
  );
};

/** Who made the account reads the code to its owner; nobody sees it again. */
export const CodeDialog = ({ code, onClose }: { code: string; onClose: () => void }): ReactNode => {
  const t = useStaffT();
  return (
    <Modal
      open
      title={t('account.code.title')}
      footer={null}
      onCancel={onClose}
      mask={{ closable: false }}
      keyboard={false}
    >
      <code className="co-code" data-testid="account-code-shown">
        {code}
      </code>
      <CopyButton text={code} />
      <p className="co-quiet">{t('account.code.use')}</p>
    </Modal>
  );
};

export const NewAccountDialog = ({
  onMade,
  onClose,
}: {
  onMade: (code: string) => void;
  onClose: () => void;
}): ReactNode => {
  const t = useStaffT();
  const toast = useToast();
  const { staff } = useSession();
  const [form] = Form.useForm<Values & { username: string }>();
  const create = useAction(createStaffAccount, TOUCHED);
  const isTaken = isApiError(create.error) && create.error.code === 'conflict';
  const submit = async ({ name, username, role, orgUnitId, phone }: Values & { username: string }): Promise<void> => {
    const { code } = await create.mutateAsync({
      body: { name: name.trim(), username, role, orgUnitId, ...(phone ? { phone } : {}) },
    });
    toast(t('account.done'), { tone: 'success' });
    onClose();
    onMade(code);
  };
  return (
    <Modal
      open
      title={t('account.new')}
      okText={t('account.new')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'account-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={staff.orgUnit.kind === 'store' ? { orgUnitId: staff.orgUnit.id } : {}}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <AccountFields />
        <Form.Item
          name="username"
          label={t('account.username')}
          extra={t('account.username.hint')}
          {...(isTaken ? { validateStatus: 'error' as const, help: t('account.username.taken') } : {})}
          rules={[{ required: true, pattern: /^[a-z0-9][a-z0-9._-]{2,31}$/, message: t('account.username.wrong') }]}
        >
          <Input maxLength={32} autoComplete="off" data-testid="account-username" />
        </Form.Item>
        <p className="co-quiet">{t('account.new.hint')}</p>
        {!isTaken && <Failure error={create.error} />}
      </Form>
    </Modal>
  );
};

export const ChangeAccountDialog = ({
  account,
  onClose,
}: {
  account: StaffAccount;
  onClose: () => void;
}): ReactNode => {
  const t = useStaffT();
  const toast = useToast();
  const [form] = Form.useForm<Values & { reason: string }>();
  const change = useAction(changeStaffAccount, TOUCHED);
  const submit = async ({ name, role, orgUnitId, phone, reason }: Values & { reason: string }): Promise<void> => {
    await change.mutateAsync({
      params: { id: account.id },
      // What stays as it is, is not asked for: a role that I may not give does not keep me from another name.
      body: {
        ...(name.trim() === account.name ? {} : { name: name.trim() }),
        ...(role === account.role ? {} : { role }),
        ...(orgUnitId === account.orgUnit.id ? {} : { orgUnitId }),
        ...(phone ? { phone } : {}),
        reason: reason.trim(),
      },
    });
    toast(t('account.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('account.change.title', { name: account.name })}
      okText={t('account.change')}
      confirmLoading={change.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'account-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ name: account.name, role: account.role, orgUnitId: account.orgUnit.id, reason: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <AccountFields phoneMasked={account.phoneMasked} />
        <Form.Item
          name="reason"
          label={t('account.reason')}
          rules={[{ required: true, whitespace: true, min: 2, message: t('required.reason') }]}
        >
          <Input maxLength={200} data-testid="account-reason" />
        </Form.Item>
        <p className="co-quiet">{t('account.change.hint')}</p>
        <Failure error={change.error} />
      </Form>
    </Modal>
  );
};
