/** How somebody can pay. */
import { z } from 'zod';

export const PaymentProviderName = z.enum(['sandbox', 'wechat']).meta({ id: 'PaymentProviderName' });
export type PaymentProviderName = z.infer<typeof PaymentProviderName>;

/** Ways of WeChat Pay: inside WeChat by its bridge, in another browser of a phone, by a QR code that a phone scans. */
export const PaymentWay = z.enum(['jsapi', 'h5', 'native']).meta({ id: 'PaymentWay' });
export type PaymentWay = z.infer<typeof PaymentWay>;

/** What was chosen. `way` counts for providers that know several; without it they take a QR code. */
export const PaymentChoice = { provider: PaymentProviderName, way: PaymentWay.optional() } as const;

/** What the client needs to let the payer approve. */
export const PaymentStart = {
  provider: PaymentProviderName,
  way: PaymentWay.nullable(),
  /** A page of ours, or of the provider (h5). */
  cashierUrl: z.string(),
  /** For WeChat's bridge (jsapi): `WeixinJSBridge.invoke('getBrandWCPayRequest', bridge)`. */
  bridge: z.record(z.string(), z.string()).nullable(),
  /** To be shown as a QR code (native). */
  codeUrl: z.string().nullable(),
} as const;
