import { createWave, listWaves, type Wave, wavePhases } from '@walnut-live/contracts';
import { useErrorText } from '@walnut-live/ui';
import { DatePicker, Form, Input, InputNumber, Modal } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { UnitSelect, useUnits } from '../../shared/unit-select.tsx';
import { useCampaignT } from './messages.ts';
import { phasesFrom } from './wave-view.ts';

const USUAL_DAYS = [3, 2, 1, 3];
const START_HOUR = 10;
type Values = { title: string; orgUnitId: string; starts: Dayjs; days: number[] };

/** Name, start, and how long each phase lasts; what happens in them is added on the timeline. */
export const NewWaveDialog = ({
  onClose,
  onDone,
}: {
  onClose: () => void;
  onDone: (wave: Wave) => void;
}): ReactNode => {
  const t = useCampaignT();
  const errorText = useErrorText();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const { units } = useUnits();
  const create = useAction(createWave, [listWaves.id]);
  const needed = [{ required: true, message: t('form.needed') }];
  const submit = async ({ title, orgUnitId, starts, days }: Values): Promise<void> => {
    const phases = phasesFrom(starts.startOf('minute').valueOf(), days, wavePhases);
    onDone(await create.mutateAsync({ body: { title: title.trim(), orgUnitId, phases } }));
  };
  return (
    <Modal
      open
      title={t('wave.new')}
      okText={t('wave.create')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'wave-create' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          orgUnitId: staff.orgUnit.id,
          starts: dayjs().add(1, 'day').hour(START_HOUR).startOf('hour'),
          days: USUAL_DAYS,
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="title" label={t('wave.name')} rules={needed}>
          <Input maxLength={60} autoFocus data-testid="wave-title" />
        </Form.Item>
        {units.length > 1 && (
          <Form.Item name="orgUnitId" label={t('unit')}>
            <UnitSelect />
          </Form.Item>
        )}
        <Form.Item name="starts" label={t('wave.starts')} rules={needed}>
          <DatePicker
            showTime={{ format: 'HH:mm', minuteStep: 5 }}
            format="YYYY-MM-DD HH:mm"
            inputReadOnly
            style={{ width: '100%' }}
          />
        </Form.Item>
        <div className="co-campaign-fields">
          {wavePhases.map((phase, no) => (
            <Form.Item
              key={phase}
              name={['days', no]}
              label={t('wave.days', { phase: t(`phase.${phase}`) })}
              rules={needed}
            >
              <InputNumber min={1} max={60} precision={0} />
            </Form.Item>
          ))}
        </div>
        {create.error ? (
          <p className="co-form-error" role="alert">
            {errorText(create.error)}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
