import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { MAX_OPTIONS } from '@walnut-live/contracts';
import { Button, Form, Input, Select } from 'antd';
import type { ReactNode } from 'react';
import { useCatalogueT } from './messages.ts';
import { matrixOf, type ProductValues } from './product-form.ts';

/** Options of a product, and the SKUs that their combinations make. */
export const OptionsField = (): ReactNode => {
  const t = useCatalogueT();
  const form = Form.useFormInstance<ProductValues>();
  return (
    <Form.List name="options">
      {(fields, { add, remove }) => (
        <div className="co-options">
          <p className="co-quiet">{t('options.hint')}</p>
          {fields.map(({ key, name }) => (
            <div key={key} className="co-option">
              <Form.Item name={[name, 'name']} rules={[{ required: true, whitespace: true }]}>
                <Input maxLength={12} placeholder={t('options.name')} aria-label={t('options.name')} />
              </Form.Item>
              <Form.Item name={[name, 'values']} rules={[{ required: true }]}>
                <Select
                  mode="tags"
                  open={false}
                  suffixIcon={null}
                  placeholder={t('options.values')}
                  aria-label={t('options.values')}
                />
              </Form.Item>
              <Button
                type="text"
                danger
                icon={<DeleteOutlined />}
                aria-label={t('options.remove', { name: name + 1 })}
                onClick={() => remove(name)}
              />
            </div>
          ))}
          <div className="co-option-foot">
            {fields.length < MAX_OPTIONS && (
              <Button icon={<PlusOutlined />} onClick={() => add({ name: '', values: [] })}>
                {t('options.add')}
              </Button>
            )}
            <Button
              onClick={() => {
                const { options, skus } = form.getFieldsValue(true) as ProductValues;
                form.setFieldsValue({ skus: matrixOf(options, skus) });
              }}
              data-testid="options-matrix"
            >
              {t('options.matrix')}
            </Button>
          </div>
        </div>
      )}
    </Form.List>
  );
};
