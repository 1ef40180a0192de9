import type { ReactNode } from 'react';
import { Page } from '../pages/page.tsx';
import { AskForm } from './ask-form.tsx';
import { Case } from './case.tsx';
import { useAfterSaleT } from './messages.ts';
import '../orders/orders.css';
import '../purchase/panel.css';
import '../app/forms.css';
import './after-sale.css';

/** A case, or (without one) the form that begins it. */
const AfterSalePage = ({ orderId, caseId }: { orderId: string; caseId: string | undefined }): ReactNode => {
  const t = useAfterSaleT();
  return (
    <Page title={t(caseId ? 'case.title' : 'ask.title')} backTo={`/orders/${orderId}`}>
      {caseId ? <Case key={caseId} caseId={caseId} /> : <AskForm orderId={orderId} />}
    </Page>
  );
};
export default AfterSalePage;
