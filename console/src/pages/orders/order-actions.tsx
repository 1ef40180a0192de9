/** What staff do to an order. Each asks first, says what follows, and is sent under one key until the server has decided. */
import { type OrderView, refundOrder } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Failure } from '../../shared/ship-dialog.tsx';

const touched = ['orders.get', 'orders.list', 'orders.credit', 'commissions.list', 'reports.inviters'];
