import { createI18n } from '@walnut-live/ui';
import { acts } from './acts.ts';
import { targetKinds } from './target-kinds.ts';

/** The audit log. */
export const auditI18n = createI18n({
  zh: {
    ...targetKinds.zh,
    ...acts.zh,
    title: '审计日志',
    hint: '谁、何时、对什么、做了什么、为什么。只增不改。',
    at: '时间',
    actor: '操作人',
    system: '系统',
    action: '操作',
    target: '对象',
    unit: '组织',
    reason: '原因',
    open: '打开',
    'filter.actor': '按操作人筛选',
    'filter.action': '按操作筛选',
    'filter.target': '对象编号',
    empty: '没有符合条件的记录',
    'empty.hint': '换个时间段或筛选条件再试',
    detail: '详情',
  },
  en: {
    ...targetKinds.en,
    ...acts.en,
    title: 'Audit log',
    hint: 'Who did what to what, when, and why. Only ever added to.',
    at: 'Time',
    actor: 'By',
    system: 'System',
    action: 'Act',
    target: 'About',
    unit: 'Unit',
    reason: 'Reason',
    open: 'Open',
    'filter.actor': 'By whom',
    'filter.action': 'By act',
    'filter.target': 'Id of what it is about',
    empty: 'Nothing was done that fits',
    'empty.hint': 'Try other days or other filters',
    detail: 'Details',
  },
});
export const useAuditT = auditI18n.useT;
