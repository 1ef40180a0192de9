import {
  ApiOutlined,
  AppstoreOutlined,
  CrownOutlined,
  CustomerServiceOutlined,
  DashboardOutlined,
  GiftOutlined,
  IdcardOutlined,
  NotificationOutlined,
  PayCircleOutlined,
  QrcodeOutlined,
  SafetyOutlined,
  ScanOutlined,
  ShareAltOutlined,
  ShopOutlined,
  ShoppingOutlined,
  TagsOutlined,
  TeamOutlined,
  TrophyOutlined,
  TruckOutlined,
  UsergroupAddOutlined,
  VideoCameraOutlined,
} from '@ant-design/icons';
import type { Permission } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import type { MessageKey } from '../i18n/index.ts';

export type Place = { path: string; label: Extract<MessageKey, `nav.${string}`>; icon: ReactNode; needs: Permission };

/** Every place of the console in the order of the menu; who may not read it does not see it. */
export const places: readonly Place[] = [
  { path: '/live', label: 'nav.live', icon: <DashboardOutlined />, needs: 'rooms:read' },
  { path: '/inviters', label: 'nav.inviters', icon: <ShareAltOutlined />, needs: 'reports:read' },
  { path: '/stores', label: 'nav.stores', icon: <ShopOutlined />, needs: 'reports:read' },
  { path: '/orders', label: 'nav.orders', icon: <ShoppingOutlined />, needs: 'orders:read' },
  { path: '/after-sales', label: 'nav.after-sales', icon: <CustomerServiceOutlined />, needs: 'orders:read' },
  { path: '/payments', label: 'nav.payments', icon: <PayCircleOutlined />, needs: 'payments:read' },
  { path: '/rooms', label: 'nav.rooms', icon: <VideoCameraOutlined />, needs: 'rooms:read' },
  { path: '/campaigns', label: 'nav.campaigns', icon: <NotificationOutlined />, needs: 'campaigns:read' },
  { path: '/catalogue', label: 'nav.catalogue', icon: <AppstoreOutlined />, needs: 'catalogue:read' },
  { path: '/gifts', label: 'nav.gifts', icon: <GiftOutlined />, needs: 'reports:read' },
  { path: '/coupons', label: 'nav.coupons', icon: <TagsOutlined />, needs: 'reports:read' },
  { path: '/group-buys', label: 'nav.groupBuys', icon: <UsergroupAddOutlined />, needs: 'rooms:read' },
  { path: '/shipping', label: 'nav.shipping', icon: <TruckOutlined />, needs: 'orders:read' },
  { path: '/prizes', label: 'nav.prizes', icon: <TrophyOutlined />, needs: 'orders:read' },
  { path: '/moderation', label: 'nav.moderation', icon: <SafetyOutlined />, needs: 'words:read' },
  { path: '/cards', label: 'nav.cards', icon: <QrcodeOutlined />, needs: 'rooms:operate' },
  { path: '/customers', label: 'nav.customers', icon: <IdcardOutlined />, needs: 'customers:read' },
  { path: '/counter', label: 'nav.counter', icon: <ScanOutlined />, needs: 'coupons:redeem' },
  { path: '/members', label: 'nav.members', icon: <CrownOutlined />, needs: 'customers:read' },
  { path: '/staff', label: 'nav.staff', icon: <TeamOutlined />, needs: 'staff:read' },
  { path: '/webhooks', label: 'nav.webhooks', icon: <ApiOutlined />, needs: 'webhooks:write' },
];

export const placesFor = (may: (permission: Permission) => boolean): Place[] =>
  places.filter((place) => may(place.needs));

export const firstPathFor = (may: (permission: Permission) => boolean): string => placesFor(may)[0]?.path ?? '/live';
