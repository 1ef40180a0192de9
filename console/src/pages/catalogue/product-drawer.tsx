import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { createProduct, type ProductView, patchProduct } from '@walnut-live/contracts';
import { requestIdOf, useErrorText, useToast } from '@walnut-live/ui';
import { Button, Drawer, Form, Input, InputNumber, Segmented, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { fenOf, type ProductValues, toBody, toValues } from './product-form.ts';

const roles = ['traffic', 'main', 'family', 'gift'] as const;
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
  const toast = useToast();
  const errorText = useErrorText();
  const [form] = Form.useForm<ProductValues>();
  const create = useAction(createProduct, touched);
  const patch = useAction(patchProduct, touched);
  const error = create.error ?? patch.error;
  const needed = { required: true, whitespace: true, message: t('form.needed') };

  const submit = async (values: ProductValues): Promise<void> => {
    const body = toBody(values);
    if (product) {
      await patch.mutateAsync({
        params: { id: product.id },
        body: { ...body, status: values.onSale ? 'on_sale' : 'off_sale' },
      });
    } else await create.mutateAsync({ body });
    toast(t('product.saved'), { tone: 'success' });
    onDone();
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
        name="pictureUrl"
        label={t('product.picture')}
        extra={t('product.picture-hint')}
        rules={[{ required: true, pattern: /^\/[\w./-]+$/, message: t('product.picture-wrong') }]}
      >
        <Input maxLength={300} placeholder="/pictures/walnut-milk-12-pack.svg" />
      </Form.Item>
      <Form.Item name="description" label={t('product.description')}>
        <Input.TextArea maxLength={4_000} autoSize={{ minRows: 3, maxRows: 8 }} />
      </Form.Item>
      {product && (
        <Form.Item name="onSale" label={t('product.on-sale')} valuePropName="checked">
          <Switch />
        </Form.Item>
      )}
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
                  <InputNumber<string> {...yuan} />
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
            <Button type="dashed" block icon={<PlusOutlined />} onClick={() => add({ name: '' })}>
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
          loading={create.isPending || patch.isPending}
          data-testid="product-submit"
        >
          {t('common.save')}
        </Button>
      </div>
    </Form>
  );
};
