import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import {
  createProduct,
  type ProductView,
  patchProduct,
  putSkuWeight,
  productRoles as roles,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { requestIdOf, useErrorText, useToast } from '@walnut-live/ui';
import { Button, Drawer, Form, Input, InputNumber, Segmented, Select, Switch } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { useShippingT } from '../shipping/messages.ts';
import { useCatalogueT } from './messages.ts';
import { OptionsField } from './options-field.tsx';
import { PicturesField } from './pictures-field.tsx';
import { fenOf, type ProductValues, toBody, toValues, weightsOf } from './product-form.ts';

const faults = ['option_twice', 'value_twice', 'values_missing', 'value_unknown', 'combination_twice'] as const;
const statuses = ['draft', 'on_sale', 'off_sale'] as const;
const sold = ['on_sale', 'off_sale'] as const;
/** A tonne, as the api has it. */
const MOST_GRAMS = 1_000_000;
const touched = ['products.list', 'products.get', 'bag.get', 'stock.list'];
const yuan = {
  min: '0.01',
  max: '10000000',
  step: '0.01',
  precision: 2,
  stringMode: true,
  prefix: '¥',
  style: { width: '100%' },
} as const;

/** Create or change a product. Prices are typed in yuan and sent in whole fen; no fraction is ever computed with. */
export const ProductDrawer = ({
  product,
  onClose,
}: {
  product: ProductView | 'new' | null;
  onClose: () => void;
}): ReactNode => {
  const t = useT();
  return (
    <Drawer
      open={product !== null}
      onClose={onClose}
      size={600}
      destroyOnHidden
      rootClassName="co-drawer"
      title={t(product === 'new' ? 'product.new' : 'product.edit')}
    >
      {product !== null && (
        <ProductForm
          key={product === 'new' ? 'new' : product.id}
          product={product === 'new' ? null : product}
          onDone={onClose}
        />
      )}
    </Drawer>
  );
};

const ProductForm = ({ product, onDone }: { product: ProductView | null; onDone: () => void }): ReactNode => {
  const t = useT();
  const ct = useCatalogueT();
  const st = useShippingT();
  const toast = useToast();
  const genericText = useErrorText();
  const { may } = useSession();
  const mayFloors = may('floors:write');
  const [form] = Form.useForm<ProductValues>();
  const create = useAction(createProduct, touched);
  const patch = useAction(patchProduct, touched);
  const weigh = useAction(putSkuWeight, ['products.list', 'products.get']);
  // A new product whose weights were not taken is there all the same: the next try changes it.
  const [saved, setSaved] = useState(product);
  const error = create.error ?? patch.error ?? weigh.error;
  const needed = { required: true, whitespace: true, message: t('form.needed') };

  const submit = async (values: ProductValues): Promise<void> => {
    const body = toBody(values, mayFloors);
    let now: ProductView;
    if (saved) {
      // A SKU that is kept says whether it is sold.
      const skus = body.skus.map((sku, n) => ({ ...sku, active: values.skus[n]?.active !== false }));
      now = await patch.mutateAsync({ params: { id: saved.id }, body: { ...body, skus } });
    } else now = await create.mutateAsync({ body });
    const weights = weightsOf(values.skus, saved, now);
    setSaved(now);
    const made = now.skus.filter(({ id }) => !saved?.skus.some((sku) => sku.id === id));
    form.setFieldValue(
      'skus',
      values.skus.map((sku) => (sku.id ? sku : { ...sku, id: made.shift()?.id })),
    );
    for (const { id, grams } of weights) await weigh.mutateAsync({ params: { id }, body: { grams } });
    toast(t('product.saved'), { tone: 'success' });
    onDone();
  };

  /** What the writer can do about it. */
  const errorText = (failure: unknown): string => {
    if (!isApiError(failure)) return genericText(failure);
    const { terms } = failure.facts;
    // Rule Z3: the words that were found.
    if (failure.code === 'words_refused' && Array.isArray(terms))
      return ct('words.refused', { terms: terms.join('、') });
    if (failure.issues.some(({ issue }) => issue === 'code_taken')) return ct('code.taken');
    const fault = faults.find((known) => failure.issues.some(({ issue }) => issue === known));
    return fault ? ct(`fault.${fault}`) : genericText(failure);
  };

  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={toValues(product)}
      onFinish={(values) => void submit(values).catch(() => undefined)}
    >
      <Form.Item name="title" label={t('product.title')} rules={[needed]}>
        <Input maxLength={60} showCount data-testid="product-title" />
      </Form.Item>
      <Form.Item name="subtitle" label={t('product.subtitle')}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="role" label={t('product.role')}>
        <Segmented options={roles.map((role) => ({ value: role, label: t(`product.role.${role}`) }))} />
      </Form.Item>
      <Form.Item
        name="pictures"
        label={ct('pictures')}
        extra={ct('pictures.hint')}
        rules={[{ required: true, type: 'array', min: 1, message: ct('pictures.needed') }]}
      >
        <PicturesField />
      </Form.Item>
      <Form.Item name="description" label={t('product.description')}>
        <Input.TextArea maxLength={4_000} autoSize={{ minRows: 3, maxRows: 8 }} />
      </Form.Item>
      <Form.Item name="code" label={ct('code')} extra={ct('code.hint')}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="status" label={ct('status')} extra={ct('status.hint')}>
        <Segmented
          options={(product && product.status !== 'draft' ? sold : statuses).map((status) => ({
            value: status,
            label: t(`product.status.${status}`),
          }))}
        />
      </Form.Item>
      <h3 className="co-form-title">{ct('options')}</h3>
      <OptionsField />
      <h3 className="co-form-title">{t('product.sku-title')}</h3>
      <Form.List name="skus">
        {(fields, { add, remove }) => (
          <>
            {fields.map(({ key, name }) => (
              <div key={key} className="co-sku">
                <Form.Item name={[name, 'id']} hidden>
                  <Input />
                </Form.Item>
                <Form.Item name={[name, 'name']} label={t('sku.name')} rules={[needed]}>
                  <Input maxLength={40} />
                </Form.Item>
                <Form.Item
                  name={[name, 'price']}
                  label={t('sku.price')}
                  rules={[{ required: true, message: t('form.needed') }]}
                >
                  <InputNumber<string> {...yuan} />
                </Form.Item>
                <Form.Item name={[name, 'listPrice']} label={t('sku.list-price')}>
                  <InputNumber<string> {...yuan} />
                </Form.Item>
                <Form.Item
                  name={[name, 'floorPrice']}
                  label={t('sku.floor-price')}
                  dependencies={[['skus', name, 'price']]}
                  rules={[
                    {
                      validator: async (_, floor: string | null) => {
                        const price = fenOf(form.getFieldValue(['skus', name, 'price']) as string | null);
                        const floorFen = fenOf(floor);
                        if (price !== null && floorFen !== null && floorFen > price)
                          throw new Error(t('sku.floor-too-high'));
                      },
                    },
                  ]}
                >
                  <InputNumber<string>
                    {...yuan}
                    disabled={!mayFloors}
                    {...(mayFloors ? {} : { title: ct('floor.no-right') })}
                  />
                </Form.Item>
                <Form.Item name={[name, 'code']} label={ct('code')}>
                  <Input maxLength={64} />
                </Form.Item>
                <Form.Item name={[name, 'weight']} label={st('sku.weight')} tooltip={st('sku.weight.hint')}>
                  <InputNumber
                    min={1}
                    max={MOST_GRAMS}
                    precision={0}
                    suffix="g"
                    style={{ width: '100%' }}
                    data-testid="sku-weight"
                  />
                </Form.Item>
                {product && (
                  <Form.Item name={[name, 'active']} label={ct('sku.active')} valuePropName="checked">
                    <Switch />
                  </Form.Item>
                )}
                <Form.Item name={[name, 'optionValues']} hidden>
                  <Select mode="tags" />
                </Form.Item>
                <Form.Item noStyle shouldUpdate>
                  {() =>
                    form.getFieldValue(['skus', name, 'listPrice']) ? (
                      <Form.Item
                        className="co-sku-basis"
                        name={[name, 'listPriceBasis']}
                        label={t('sku.list-price-basis')}
                        extra={t('sku.list-price-basis-hint')}
                        rules={[needed]}
                      >
                        <Select
                          mode="tags"
                          maxCount={1}
                          options={[t('sku.basis.suggested'), t('sku.basis.store')].map((text) => ({
                            value: text,
                            label: text,
                          }))}
                        />
                      </Form.Item>
                    ) : null
                  }
                </Form.Item>
                {fields.length > 1 && !(form.getFieldValue(['skus', name, 'id']) as string | undefined) && (
                  <Button
                    type="text"
                    danger
                    icon={<DeleteOutlined />}
                    aria-label={t('sku.remove')}
                    onClick={() => remove(name)}
                  />
                )}
              </div>
            ))}
            <Button type="dashed" block icon={<PlusOutlined />} onClick={() => add({ name: '', active: true })}>
              {t('sku.add')}
            </Button>
          </>
        )}
      </Form.List>
      {error ? (
        <p className="co-form-error" role="alert">
          {errorText(error)}
          {requestIdOf(error) && <code>{requestIdOf(error)}</code>}
        </p>
      ) : null}
      <div className="co-form-foot">
        <Button onClick={onDone}>{t('common.cancel')}</Button>
        <Button
          type="primary"
          htmlType="submit"
          loading={create.isPending || patch.isPending || weigh.isPending}
          data-testid="product-submit"
        >
          {t('common.save')}
        </Button>
      </div>
    </Form>
  );
};
