import { createI18n } from '@walnut-live/ui';

/** Who has booked a live, and calling it off. */
export const bookingI18n = createI18n({
  zh: {
    people: '{count} 人已预约',
    none: '还没有人预约',
    cancel: '取消这场直播',
    'cancel.ask': '取消「{title}」？',
    'cancel.people': '{count} 位已预约的人会收到取消通知。取消后不能恢复。',
    'cancel.nobody': '还没有人预约。取消后不能恢复。',
    'cancel.done': '已取消',
    'cancel.reason': '导购取消',
  },
  en: {
    people: 'Booked: {count}',
    none: 'Nobody has booked yet',
    cancel: 'Call it off',
    'cancel.ask': 'Call off “{title}”?',
    'cancel.people': 'Whoever has booked ({count}) is told. This cannot be undone.',
    'cancel.nobody': 'Nobody has booked yet. This cannot be undone.',
    'cancel.done': 'Called off',
    'cancel.reason': 'Called off by the guide',
  },
});
export const useBookingT = bookingI18n.useT;
