import {
  AccountBookOutlined,
  ApartmentOutlined,
  ApiOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BarChartOutlined,
  BellOutlined,
  CalculatorOutlined,
  CalendarOutlined,
  ContactsOutlined,
  CopyOutlined,
  CrownOutlined,
  CustomerServiceOutlined,
  DashboardOutlined,
  DeploymentUnitOutlined,
  FieldTimeOutlined,
  FileProtectOutlined,
  ForkOutlined,
  FundOutlined,
  FundProjectionScreenOutlined,
  GiftOutlined,
  IdcardOutlined,
  NotificationOutlined,
  PayCircleOutlined,
  PercentageOutlined,
  QrcodeOutlined,
  ReconciliationOutlined,
  RiseOutlined,
  SafetyOutlined,
  ScanOutlined,
  ShareAltOutlined,
  ShopOutlined,
  ShoppingOutlined,
  StarOutlined,
  TagsOutlined,
  TeamOutlined,
  TrophyOutlined,
  TruckOutlined,
  UsergroupAddOutlined,
  UserSwitchOutlined,
  VideoCameraOutlined,
} from '@ant-design/icons';
import type { Permission } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import type { MessageKey } from '../i18n/index.ts';

export type Place = { path: string; label: Extract<MessageKey, `nav.${string}`>; icon: ReactNode; needs: Permission };
export type Group = { id: string; label: Extract<MessageKey, `nav.group.${string}`>; places: readonly Place[] };

/** Every place of the console in the order of the menu; who may not read it does not see it. */
export const groups: readonly Group[] = [
  {
    id: 'live',
    label: 'nav.group.live',
    places: [
      { path: '/live', label: 'nav.live', icon: <DashboardOutlined />, needs: 'rooms:read' },
      { path: '/screen', label: 'nav.screen', icon: <FundProjectionScreenOutlined />, needs: 'reports:read' },
      { path: '/rooms', label: 'nav.rooms', icon: <VideoCameraOutlined />, needs: 'rooms:read' },
      { path: '/alerts', label: 'nav.alerts', icon: <BellOutlined />, needs: 'reports:read' },
      { path: '/moderation', label: 'nav.moderation', icon: <SafetyOutlined />, needs: 'words:read' },
      { path: '/gifts', label: 'nav.gifts', icon: <GiftOutlined />, needs: 'reports:read' },
    ],
  },
  {
    id: 'selling',
    label: 'nav.group.selling',
    places: [
      { path: '/orders', label: 'nav.orders', icon: <ShoppingOutlined />, needs: 'orders:read' },
      { path: '/after-sales', label: 'nav.after-sales', icon: <CustomerServiceOutlined />, needs: 'orders:read' },
      { path: '/counter', label: 'nav.counter', icon: <ScanOutlined />, needs: 'coupons:redeem' },
      { path: '/catalogue', label: 'nav.catalogue', icon: <AppstoreOutlined />, needs: 'catalogue:read' },
      { path: '/shipping', label: 'nav.shipping', icon: <TruckOutlined />, needs: 'orders:read' },
    ],
  },
  {
    id: 'promotions',
    label: 'nav.group.promotions',
    places: [
      { path: '/campaigns', label: 'nav.campaigns', icon: <NotificationOutlined />, needs: 'campaigns:read' },
      { path: '/coupons', label: 'nav.coupons', icon: <TagsOutlined />, needs: 'reports:read' },
      { path: '/group-buys', label: 'nav.groupBuys', icon: <UsergroupAddOutlined />, needs: 'rooms:read' },
      { path: '/pre-sales', label: 'nav.preSales', icon: <CalendarOutlined />, needs: 'rooms:read' },
      { path: '/reviews', label: 'nav.reviews', icon: <StarOutlined />, needs: 'campaigns:read' },
      { path: '/prizes', label: 'nav.prizes', icon: <TrophyOutlined />, needs: 'orders:read' },
    ],
  },
  {
    id: 'customers',
    label: 'nav.group.customers',
    places: [
      { path: '/customers', label: 'nav.customers', icon: <IdcardOutlined />, needs: 'customers:read' },
      { path: '/members', label: 'nav.members', icon: <CrownOutlined />, needs: 'customers:read' },
      { path: '/contacts', label: 'nav.contacts', icon: <ContactsOutlined />, needs: 'customers:contact' },
      { path: '/cards', label: 'nav.cards', icon: <QrcodeOutlined />, needs: 'rooms:operate' },
    ],
  },
  {
    id: 'sharing',
    label: 'nav.group.sharing',
    places: [
      { path: '/inviters', label: 'nav.inviters', icon: <ShareAltOutlined />, needs: 'reports:read' },
      { path: '/invite-graph', label: 'nav.inviteGraph', icon: <DeploymentUnitOutlined />, needs: 'customers:read' },
      { path: '/sharing', label: 'nav.sharing', icon: <ForkOutlined />, needs: 'reports:read' },
      { path: '/team', label: 'nav.team', icon: <FundOutlined />, needs: 'reports:read' },
      { path: '/attribution', label: 'nav.attribution', icon: <UserSwitchOutlined />, needs: 'orders:read' },
    ],
  },
  {
    id: 'money',
    label: 'nav.group.money',
    places: [
      {
        path: '/commission-rules',
        label: 'nav.commissionRules',
        icon: <PercentageOutlined />,
        needs: 'commission:read',
      },
      { path: '/commission-holds', label: 'nav.commissionHolds', icon: <AuditOutlined />, needs: 'commission:holds' },
      { path: '/commission-bonuses', label: 'nav.bonuses', icon: <RiseOutlined />, needs: 'commission:read' },
      { path: '/settlements', label: 'nav.settlements', icon: <AccountBookOutlined />, needs: 'settlements:read' },
      {
        path: '/store-statements',
        label: 'nav.statements',
        icon: <ReconciliationOutlined />,
        needs: 'settlements:read',
      },
      { path: '/settlement-terms', label: 'nav.terms', icon: <CalculatorOutlined />, needs: 'payouts:read' },
      { path: '/payments', label: 'nav.payments', icon: <PayCircleOutlined />, needs: 'payments:read' },
    ],
  },
  {
    id: 'reports',
    label: 'nav.group.reports',
    places: [
      { path: '/stores', label: 'nav.stores', icon: <ShopOutlined />, needs: 'reports:read' },
      { path: '/reports', label: 'nav.reports', icon: <BarChartOutlined />, needs: 'reports:read' },
    ],
  },
  {
    id: 'settings',
    label: 'nav.group.settings',
    places: [
      { path: '/organisation', label: 'nav.organisation', icon: <ApartmentOutlined />, needs: 'staff:read' },
      { path: '/templates', label: 'nav.templates', icon: <CopyOutlined />, needs: 'templates:copy' },
      { path: '/staff', label: 'nav.staff', icon: <TeamOutlined />, needs: 'staff:read' },
      {
        path: '/personal-data',
        label: 'nav.personalData',
        icon: <FileProtectOutlined />,
        needs: 'personal-data:write',
      },
      { path: '/retention', label: 'nav.retention', icon: <FieldTimeOutlined />, needs: 'audit:read' },
      { path: '/audit', label: 'nav.audit', icon: <AuditOutlined />, needs: 'audit:read' },
      { path: '/webhooks', label: 'nav.webhooks', icon: <ApiOutlined />, needs: 'webhooks:write' },
    ],
  },
];

type May = (permission: Permission) => boolean;

/** The groups with what I may see in them; one without anything is none. */
export const groupsFor = (may: May): Group[] =>
  groups
    .map((group) => ({ ...group, places: group.places.filter((place) => may(place.needs)) }))
    .filter(({ places }) => places.length > 0);

const liesIn = (pathname: string, { path }: Place): boolean => pathname === path || pathname.startsWith(`${path}/`);

/** Of the group in which a page lies: `/orders/0198…` lies in that of `/orders`. */
export const groupOf = (among: readonly Group[], pathname: string): string | undefined =>
  among.find(({ places }) => places.some((place) => liesIn(pathname, place)))?.id;

/** The place of the menu to which a page belongs, whoever may see it. */
export const placeOf = (pathname: string): Place | undefined =>
  groups.flatMap(({ places }) => places).find((place) => liesIn(pathname, place));

export const placesFor = (may: May): Place[] => groupsFor(may).flatMap(({ places }) => places);

export const firstPathFor = (may: May): string => placesFor(may)[0]?.path ?? '/live';
