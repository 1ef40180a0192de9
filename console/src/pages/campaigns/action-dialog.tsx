import {
  addWaveAction,
  type BodyInputOf,
  listProducts,
  listStaff,
  listWaves,
  may,
  type Wave,
  type WaveActionKind,
  type WaveAudience,
  type WavePhase,
  waveActionKinds,
  waveAudiences,
  waveReach,
} from '@walnut-live/contracts';
import { useErrorText } from '@walnut-live/ui';
import { DatePicker, Form, Input, InputNumber, Modal, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { useCampaignT } from './messages.ts';
import { roomAt } from './wave-view.ts';

type Values = {
  kind: WaveActionKind;
  at: Dayjs;
  title: string;
  hostId: string;
  when: Dayjs;
  productIds: string[];
  skuId: string;
  priceYuan: number;
  until: Dayjs;
  cap?: number | null;
  perPersonLimit?: number | null;
  audience: WaveAudience;
  text: string;
  lateMinutes: number;
};
type Deed = BodyInputOf<typeof addWaveAction>['deed'];
const FEN = 100;
const LATE_MINUTES = 60;
const iso = (day: Dayjs): string => day.startOf('minute').toDate().toISOString();

function deedOf(values: Values): Deed {
  switch (values.kind) {
    case 'room_open':
      return {
        kind: 'room_open',
        title: values.title.trim(),
        hostId: values.hostId,
        scheduledAt: iso(values.when),
        productIds: values.productIds ?? [],
      };
    case 'room_close':
      return { kind: 'room_close' };
    case 'offer_open':
      return {
        kind: 'offer_open',
        skuId: values.skuId,
        priceFen: Math.round(values.priceYuan * FEN),
        until: iso(values.until),
        cap: values.cap ?? null,
        perPersonLimit: values.perPersonLimit ?? null,
      };
    case 'offer_close':
      return { kind: 'offer_close', skuId: values.skuId };
    case 'message':
      return { kind: 'message', audience: values.audience, text: values.text.trim() };
  }
}

/** One more action of a phase; a message says beforehand whom it would reach. */
export const ActionDialog = ({
  wave,
  phase,
  onClose,
}: {
  wave: Wave;
  phase: WavePhase['phase'];
  onClose: () => void;
}): ReactNode => {
  const t = useCampaignT();
  const errorText = useErrorText();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch('kind', form) ?? 'message';
  const audience = Form.useWatch('audience', form) ?? 'customers';
  const staff = useCall(listStaff, undefined);
  const products = useCall(listProducts, { query: { status: 'on_sale', limit: 100 } });
  const add = useAction(addWaveAction, [listWaves.id]);
  const window = wave.phases.find((one) => one.phase === phase);
  const from = dayjs(window?.from);
  const start = from.isAfter(dayjs()) ? from : dayjs().add(5, 'minute').startOf('minute');
  const end = dayjs(window?.until);
  const happensAt = Form.useWatch('at', form) ?? start;
  const lateMinutes = Form.useWatch('lateMinutes', form) ?? LATE_MINUTES;
  const room = audience === 'booked' ? roomAt(wave, happensAt.startOf('minute').valueOf()) : undefined;
  const roomId = room?.roomId ?? null;
  const isKnown = audience === 'customers' || roomId !== null;
  const reach = useCall(
    waveReach,
    { body: { orgUnitId: wave.orgUnit.id, audience, roomId } },
    { enabled: kind === 'message' && isKnown },
  );
  const needed = [{ required: true, message: t('form.needed') }];
  const time = {
    showTime: { format: 'HH:mm', minuteStep: 5 as const },
    format: 'YYYY-MM-DD HH:mm',
    inputReadOnly: true,
  };
  const skus = (products.data?.items ?? []).flatMap((product) =>
    product.skus.map((sku) => ({ value: sku.id, label: `${product.title} ${sku.name}` })),
  );
  const submit = async (values: Values): Promise<void> => {
    const body = { phase, at: iso(values.at), deed: deedOf(values), lateMinutes: values.lateMinutes ?? LATE_MINUTES };
    await add.mutateAsync({ params: { id: wave.id }, body });
    onClose();
  };
  return (
    <Modal
      open
      title={`${t('action.add')} · ${t(`phase.${phase}`)}`}
      okText={t('save')}
      confirmLoading={add.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'action-save' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          kind: 'message',
          at: start,
          audience: 'customers',
          lateMinutes: LATE_MINUTES,
          until: end,
          when: dayjs(wave.phases[2]?.from),
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="kind" label={t('action.kind')}>
          <Select
            data-testid="action-kind"
            options={waveActionKinds.map((one) => ({ value: one, label: t(`kind.${one}`) }))}
          />
        </Form.Item>
        <Form.Item name="at" label={t('action.at')} rules={needed} extra={t(`late.${kind}`, { minutes: lateMinutes })}>
          <DatePicker
            {...time}
            disabledDate={(day) => day.isBefore(from, 'day') || day.isAfter(end, 'day')}
            style={{ width: '100%' }}
          />
        </Form.Item>
        {kind === 'room_open' && (
          <>
            <Form.Item name="title" label={t('form.title')} rules={needed}>
              <Input maxLength={60} />
            </Form.Item>
            <Form.Item name="hostId" label={t('form.host')} rules={needed}>
              <Select
                showSearch
                optionFilterProp="label"
                options={(staff.data?.items ?? [])
                  .filter((one) => one.active && one.orgUnit.id === wave.orgUnit.id && may(one.role, 'rooms:write'))
                  .map((one) => ({ value: one.id, label: one.name }))}
              />
            </Form.Item>
            <Form.Item name="when" label={t('form.when')} rules={needed}>
              <DatePicker {...time} style={{ width: '100%' }} />
            </Form.Item>
            <Form.Item name="productIds" label={t('form.products')}>
              <Select
                mode="multiple"
                maxCount={50}
                optionFilterProp="label"
                options={(products.data?.items ?? []).map((product) => ({ value: product.id, label: product.title }))}
              />
            </Form.Item>
          </>
        )}
        {(kind === 'offer_open' || kind === 'offer_close') && (
          <Form.Item name="skuId" label={t('form.sku')} rules={needed}>
            <Select showSearch optionFilterProp="label" options={skus} />
          </Form.Item>
        )}
        {kind === 'offer_open' && (
          <div className="co-campaign-fields">
            <Form.Item name="priceYuan" label={t('form.price')} rules={needed}>
              <InputNumber min={0.01} precision={2} />
            </Form.Item>
            <Form.Item name="until" label={t('form.until')} rules={needed}>
              <DatePicker {...time} />
            </Form.Item>
            <Form.Item name="cap" label={t('form.cap')}>
              <InputNumber min={1} precision={0} />
            </Form.Item>
            <Form.Item name="perPersonLimit" label={t('form.limit')}>
              <InputNumber min={1} max={1_000} precision={0} />
            </Form.Item>
          </div>
        )}
        {kind === 'message' && (
          <>
            <Form.Item
              name="audience"
              label={t('form.audience')}
              extra={
                !isKnown ? (
                  <span data-testid="reach">{t(room ? 'reach.later' : 'reach.noRoom')}</span>
                ) : (
                  reach.data &&
                  !reach.isPlaceholderData && (
                    <span data-testid="reach" data-people={reach.data.people}>
                      {t('reach', { people: reach.data.people, optedOut: reach.data.optedOut })}
                    </span>
                  )
                )
              }
            >
              <Select options={waveAudiences.map((one) => ({ value: one, label: t(`audience.${one}`) }))} />
            </Form.Item>
            <Form.Item name="text" label={t('form.text')} rules={needed}>
              <Input.TextArea maxLength={120} showCount rows={3} data-testid="action-text" />
            </Form.Item>
            <Form.Item name="lateMinutes" label={t('form.late')} rules={needed}>
              <InputNumber min={0} max={10_080} precision={0} />
            </Form.Item>
          </>
        )}
        {add.error ? (
          <p className="co-form-error" role="alert">
            {errorText(add.error)}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
