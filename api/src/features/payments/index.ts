/** Payments behind a port: the embedded sandbox today, other providers beside it tomorrow. */
export type { PaymentRow } from './payments.repository.ts';
export { bindPayments } from './payments.routes.ts';
export { createPaymentsService, type PaymentListeners, type Payments } from './payments.service.ts';
export type { PaymentProvider, ProviderName, Providers } from './provider.ts';
export {
  createSandboxProvider,
  type DeliveryFate,
  type DeliveryPlan,
  type SandboxProvider,
} from './sandbox-provider.ts';
