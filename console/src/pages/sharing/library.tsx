import { UploadOutlined } from '@ant-design/icons';
import {
  type ContentKind,
  type ContentWithFigures,
  contentKinds,
  getBag,
  listCouponKinds,
  listRooms,
  manageContents,
  publishContent,
  uploadContentFile,
  withdrawContent,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, Modal, Segmented, Select } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { ManagedList } from '../../shared/managed-list.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useSharingT } from './messages.ts';

const PAGE = 30;
const CHOICES = 50;
const accepts = { picture: 'image/*', voice: 'audio/*', video: 'video/mp4' } as const;

/** The content library with what each item brought. */
export const Library = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { may } = useSession();
  const query = usePages(manageContents, { query: { limit: PAGE } });
  const withdraw = useAction(withdrawContent, ['contents.manage']);
  const count = (key: 'visitors' | 'newCustomers' | 'orders', title: string): Column<ContentWithFigures> => ({
    ...{ key, title, align: 'end' },
    render: ({ figures }) => format.count(figures[key]),
  });
  const columns: Column<ContentWithFigures>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (item) => (
        <span className="co-thing">
          <img src={item.product?.pictureUrl ?? item.room.coverUrl} alt="" width={44} height={44} loading="lazy" />
          <span className="co-stacked co-start">
            <b>{item.title}</b>
            <small>
              {t(`kind.${item.kind}`)} · {item.orgUnit.name} · {item.room.title}
            </small>
            {item.coupon && <small>{item.coupon.title}</small>}
          </span>
        </span>
      ),
    },
    {
      key: 'shared',
      title: t('lib.shared'),
      render: ({ figures }) => t('lib.sharers', { sharers: figures.sharers, links: figures.links }),
    },
    count('visitors', t('lib.visitors')),
    count('newCustomers', t('lib.customers')),
    count('orders', t('lib.orders')),
    { key: 'net', title: t('lib.net'), align: 'end', render: ({ figures }) => format.money(figures.netFen) },
    {
      key: 'state',
      title: t('state'),
      render: (item) => (
        <Badge tone={item.withdrawnAt ? 'neutral' : 'success'}>
          {t(item.withdrawnAt ? 'lib.withdrawn' : 'lib.published')}
        </Badge>
      ),
    },
  ];
  return (
    <ManagedList
      title={t('tab.library')}
      query={query}
      columns={columns}
      empty={<EmptyState illustration="people" title={t('lib.empty')} hint={t('lib.emptyHint')} />}
      testId="content-row"
      mayChange={may('content:write')}
      make={{ label: t('lib.new'), testId: 'content-new', dialog: (close) => <NewContent onClose={close} /> }}
      end={{
        label: t('lib.withdraw'),
        action: withdraw,
        isOpen: (item) => !item.withdrawnAt,
        dialogTitle: ({ title }) => t('lib.withdraw.title', { name: title }),
        hint: t('lib.withdraw.hint'),
        reasonLabel: t('reason'),
        done: t('done'),
        testId: 'content-withdraw',
      }}
    />
  );
};

type Values = {
  kind: ContentKind;
  title: string;
  body?: string;
  roomId: string;
  productId?: string;
  couponKindId?: string;
  orgUnitId: string;
};
const NewContent = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useSharingT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, staff } = useSession();
  const [form] = Form.useForm<Values>();
  const [file, setFile] = useState<{ id: string; kind: ContentKind } | null>(null);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const kind = Form.useWatch('kind', form) ?? 'text';
  const roomId = Form.useWatch('roomId', form);
  const rooms = useCall(listRooms, { query: { limit: CHOICES } });
  const bag = useCall(getBag, { params: { id: roomId ?? '' } }, { enabled: Boolean(roomId) });
  const coupons = useCall(listCouponKinds, { query: { limit: CHOICES } });
  const publish = useAction(publishContent, ['contents.manage']);
  const upload = async (chosen: File | undefined): Promise<void> => {
    if (!chosen) return;
    setBusy(true);
    try {
      setFile({
        id: (await api.call(uploadContentFile, { query: { name: chosen.name.slice(-80) }, file: chosen })).id,
        kind,
      });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      if (input.current) input.current.value = '';
    }
  };
  const fileId = kind !== 'text' && file?.kind === kind ? file.id : null;
  const submit = async ({ productId, couponKindId, body, ...values }: Values): Promise<void> => {
    await publish.mutateAsync({
      body: { ...values, body: body ?? '', fileId, productId: productId ?? null, couponKindId: couponKindId ?? null },
    });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('lib.new')}
      okText={t('lib.new')}
      confirmLoading={publish.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ disabled: kind !== 'text' && fileId === null, 'data-testid': 'content-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: 'text', orgUnitId: staff.orgUnit.id }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="kind" label={t('lib.kind')}>
          <Segmented options={contentKinds.map((value) => ({ value, label: t(`kind.${value}`) }))} />
        </Form.Item>
        {kind !== 'text' && (
          <Form.Item>
            <input
              ref={input}
              type="file"
              hidden
              accept={accepts[kind]}
              onChange={(event) => void upload(event.target.files?.[0])}
              data-testid="content-file"
            />
            <Button icon={<UploadOutlined />} loading={busy} onClick={() => input.current?.click()}>
              {fileId ? t('lib.file.ready') : t('lib.file')}
            </Button>
          </Form.Item>
        )}
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={40} showCount autoFocus data-testid="content-title" />
        </Form.Item>
        <Form.Item name="body" label={t('lib.body')}>
          <Input.TextArea maxLength={500} showCount rows={4} />
        </Form.Item>
        <Form.Item name="roomId" label={t('lib.room')} rules={needed}>
          <Select
            showSearch
            optionFilterProp="label"
            options={(rooms.data?.items ?? []).map((room) => ({ value: room.id, label: room.title }))}
            data-testid="content-room"
          />
        </Form.Item>
        <Form.Item name="productId" label={t('lib.product')}>
          <Select
            allowClear
            options={(bag.data?.items ?? []).map(({ product }) => ({ value: product.id, label: product.title }))}
          />
        </Form.Item>
        <Form.Item name="couponKindId" label={t('lib.coupon')} extra={t('lib.coupon.hint')}>
          <Select
            allowClear
            options={(coupons.data?.items ?? [])
              .filter(({ listed, active }) => listed && active)
              .map((one) => ({ value: one.id, label: one.title }))}
          />
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('unit')}>
          <UnitSelect />
        </Form.Item>
        <Failure error={publish.error} />
      </Form>
    </Modal>
  );
};
