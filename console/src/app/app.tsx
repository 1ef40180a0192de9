import { QueryClientProvider } from '@tanstack/react-query';
import type { Api, PendingActions } from '@walnut-live/live-client/http';
import { AppErrorBoundary, lazyWithRetry, Spinner, UiProvider, useLocale } from '@walnut-live/ui';
import { antdTheme } from '@walnut-live/ui/antd';
import { App as AntdApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US.js';
import zhCN from 'antd/locale/zh_CN.js';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn.js';
import { type ReactNode, Suspense, useState } from 'react';
import { BrowserRouter, Navigate, Route, Routes, useLocation } from 'react-router';
import { createQueryClient } from '../data/use-call.ts';
import { Allowed } from './allowed.tsx';
import { firstPathFor } from './navigation.tsx';
import { SessionGate, useSession } from './session.tsx';
import { Shell } from './shell.tsx';
import './console.css';
import './menu.css';
import '../shared/data-table.css';
import './phone.css';

const LiveWallPage = lazyWithRetry(() => import('../pages/live-wall/live-wall-page.tsx'));
const InvitersPage = lazyWithRetry(() => import('../pages/inviters/inviters-page.tsx'));
const InviteGraphPage = lazyWithRetry(() => import('../pages/invite-graph/graph-page.tsx'));
const ContactsPage = lazyWithRetry(() => import('../pages/invite-graph/contacts-page.tsx'));
const ReportsPage = lazyWithRetry(() => import('../pages/reports/reports-page.tsx'));
const AlertsPage = lazyWithRetry(() => import('../pages/alerts/alerts-page.tsx'));
const ScreenPage = lazyWithRetry(() => import('../pages/screen/screen-page.tsx'));
const OrdersPage = lazyWithRetry(() => import('../pages/orders/orders-page.tsx'));
const AttributionPage = lazyWithRetry(() => import('../pages/attribution/attribution-page.tsx'));
const CreditPage = lazyWithRetry(() => import('../pages/attribution/credit-page.tsx'));
const PreSalesPage = lazyWithRetry(() => import('../pages/pre-sales/pre-sales-page.tsx'));
const ReviewsPage = lazyWithRetry(() => import('../pages/reviews/reviews-page.tsx'));
const CommissionRulesPage = lazyWithRetry(() => import('../pages/commission/rules-page.tsx'));
const CommissionHoldsPage = lazyWithRetry(() => import('../pages/commission/holds-page.tsx'));
const BonusesPage = lazyWithRetry(() => import('../pages/commission/bonuses-page.tsx'));
const CopyTemplatesPage = lazyWithRetry(() => import('../pages/templates/copy-page.tsx'));
const SharingPage = lazyWithRetry(() => import('../pages/sharing/sharing-page.tsx'));
const TeamPage = lazyWithRetry(() => import('../pages/sharing/team-page.tsx'));
const GroupBuysPage = lazyWithRetry(() => import('../pages/group-buys/group-buys-page.tsx'));
const AfterSalesPage = lazyWithRetry(() => import('../pages/after-sales/after-sales-page.tsx'));
const CouponsPage = lazyWithRetry(() => import('../pages/coupons/coupons-page.tsx'));
const ShippingPage = lazyWithRetry(() => import('../pages/shipping/shipping-page.tsx'));
const PrizesPage = lazyWithRetry(() => import('../pages/prizes/prizes-page.tsx'));
const GiftsPage = lazyWithRetry(() => import('../pages/gifts/gifts-page.tsx'));
const CataloguePage = lazyWithRetry(() => import('../pages/catalogue/catalogue-page.tsx'));
const RoomsPage = lazyWithRetry(() => import('../pages/rooms/rooms-page.tsx'));
const RoomPage = lazyWithRetry(() => import('../pages/rooms/room-page.tsx'));
const CampaignsPage = lazyWithRetry(() => import('../pages/campaigns/campaigns-page.tsx'));
const AuditPage = lazyWithRetry(() => import('../pages/audit/audit-page.tsx'));
const OrganisationPage = lazyWithRetry(() => import('../pages/staff/organisation-page.tsx'));
const PersonalDataPage = lazyWithRetry(() => import('../pages/personal-data/personal-data-page.tsx'));
const RetentionPage = lazyWithRetry(() => import('../pages/retention/retention-page.tsx'));
const TermsPage = lazyWithRetry(() => import('../pages/settlements/terms-page.tsx'));
const StaffPage = lazyWithRetry(() => import('../pages/staff/staff-page.tsx'));
const StoresPage = lazyWithRetry(() => import('../pages/stores/stores-page.tsx'));
const ModerationPage = lazyWithRetry(() => import('../pages/moderation/moderation-page.tsx'));
const CardsPage = lazyWithRetry(() => import('../pages/whom/cards-page.tsx'));
const CustomersPage = lazyWithRetry(() => import('../pages/customers/customers-page.tsx'));
const CounterPage = lazyWithRetry(() => import('../pages/customers/counter-page.tsx'));
const MembersPage = lazyWithRetry(() => import('../pages/whom/members-page.tsx'));
const PaymentsPage = lazyWithRetry(() => import('../pages/payments/payments-page.tsx'));
const SettlementsPage = lazyWithRetry(() => import('../pages/settlements/settlements-page.tsx'));
const SettlementRunPage = lazyWithRetry(() => import('../pages/settlements/run-page.tsx'));
const StatementsPage = lazyWithRetry(() => import('../pages/settlements/statements-page.tsx'));
const WebhooksPage = lazyWithRetry(() => import('../pages/webhooks/webhooks-page.tsx'));
const NotFoundPage = lazyWithRetry(() => import('../pages/not-found-page.tsx'));

const Waiting = (): ReactNode => (
  <div className="co-gate" aria-busy="true">
    <Spinner />
  </div>
);

const Start = (): ReactNode => <Navigate to={firstPathFor(useSession().may)} replace />;

/** The menu stays when a page fails, and leads away from it. */
const Pages = (): ReactNode => (
  <AppErrorBoundary resetKey={useLocation().pathname}>
    <Suspense fallback={<Waiting />}>
      <Allowed>
        <Routes>
          <Route path="/" element={<Start />} />
          <Route path="/live" element={<LiveWallPage />} />
          <Route path="/inviters" element={<InvitersPage />} />
          <Route path="/inviters/:inviterId" element={<InvitersPage />} />
          <Route path="/invite-graph" element={<InviteGraphPage />} />
          <Route path="/contacts" element={<ContactsPage />} />
          <Route path="/reports" element={<ReportsPage />} />
          <Route path="/reports/:tab" element={<ReportsPage />} />
          <Route path="/alerts" element={<AlertsPage />} />
          <Route path="/screen" element={<ScreenPage />} />
          <Route path="/orders" element={<OrdersPage />} />
          <Route path="/orders/:orderId" element={<OrdersPage />} />
          <Route path="/orders/:orderId/credit" element={<CreditPage />} />
          <Route path="/attribution" element={<AttributionPage />} />
          <Route path="/after-sales" element={<AfterSalesPage />} />
          <Route path="/after-sales/:caseId" element={<AfterSalesPage />} />
          <Route path="/catalogue" element={<CataloguePage />} />
          <Route path="/gifts" element={<GiftsPage />} />
          <Route path="/commission-rules" element={<CommissionRulesPage />} />
          <Route path="/commission-holds" element={<CommissionHoldsPage />} />
          <Route path="/commission-bonuses" element={<BonusesPage />} />
          <Route path="/templates" element={<CopyTemplatesPage />} />
          <Route path="/group-buys" element={<GroupBuysPage />} />
          <Route path="/pre-sales" element={<PreSalesPage />} />
          <Route path="/sharing" element={<SharingPage />} />
          <Route path="/team" element={<TeamPage />} />
          <Route path="/coupons" element={<CouponsPage />} />
          <Route path="/reviews" element={<ReviewsPage />} />
          <Route path="/shipping" element={<ShippingPage />} />
          <Route path="/prizes" element={<PrizesPage />} />
          <Route path="/rooms" element={<RoomsPage />} />
          <Route path="/rooms/:roomId" element={<RoomPage />} />
          <Route path="/campaigns" element={<CampaignsPage />} />
          <Route path="/audit" element={<AuditPage />} />
          <Route path="/organisation" element={<OrganisationPage />} />
          <Route path="/personal-data" element={<PersonalDataPage />} />
          <Route path="/retention" element={<RetentionPage />} />
          <Route path="/settlement-terms" element={<TermsPage />} />
          <Route path="/staff" element={<StaffPage />} />
          <Route path="/stores" element={<StoresPage />} />
          <Route path="/moderation" element={<ModerationPage />} />
          <Route path="/cards" element={<CardsPage />} />
          <Route path="/customers" element={<CustomersPage />} />
          <Route path="/counter" element={<CounterPage />} />
          <Route path="/members" element={<MembersPage />} />
          <Route path="/payments" element={<PaymentsPage />} />
          <Route path="/settlements" element={<SettlementsPage />} />
          <Route path="/settlements/:runId" element={<SettlementRunPage />} />
          <Route path="/store-statements" element={<StatementsPage />} />
          <Route path="/webhooks" element={<WebhooksPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Allowed>
    </Suspense>
  </AppErrorBoundary>
);

/** antd speaks the chosen language; its pickers ask dayjs. */
const Languages = ({ children }: { children: ReactNode }): ReactNode => {
  const { locale } = useLocale();
  dayjs.locale(locale === 'zh-CN' ? 'zh-cn' : 'en');
  return (
    <ConfigProvider
      theme={antdTheme}
      locale={locale === 'zh-CN' ? zhCN : enUS}
      wave={{ disabled: true }}
      button={{ autoInsertSpace: false }}
    >
      <AntdApp component={false}>{children}</AntdApp>
    </ConfigProvider>
  );
};

export const App = ({ api, pending }: { api: Api; pending: PendingActions }): ReactNode => {
  const [client] = useState(createQueryClient);
  return (
    <UiProvider>
      <Languages>
        <QueryClientProvider client={client}>
          <BrowserRouter basename="/console">
            <AppErrorBoundary>
              <SessionGate api={api} pending={pending}>
                <Shell>
                  <Pages />
                </Shell>
              </SessionGate>
            </AppErrorBoundary>
          </BrowserRouter>
        </QueryClientProvider>
      </Languages>
    </UiProvider>
  );
};
