/** The words of a message where no app of ours shows it: in WeChat, which people here read in Chinese. */
import type { MessageContent, MessageKind } from '@walnut-live/contracts';
import { MESSAGE_ZONE } from './messages.policy.ts';

const times = new Intl.DateTimeFormat('zh-CN', {
  timeZone: MESSAGE_ZONE,
  month: 'long',
  day: 'numeric',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const timeOf = (content: MessageContent): string =>
  content.scheduledAt === null ? '时间待定' : times.format(new Date(content.scheduledAt));

/** The content ends with why it was sent (rule N2). */
export function textOf(kind: MessageKind, content: MessageContent): { title: string; content: string } {
  const room = `「${content.roomTitle}」`;
  const booked = `你在${content.unitName}预约了这场直播。`;
  switch (kind) {
    case 'room_reminder':
      return { title: '直播即将开始', content: `${room}${timeOf(content)}开播。${booked}` };
    case 'room_live':
      return { title: '直播开始了', content: `${room}正在直播。${booked}` };
    case 'room_moved':
      return { title: '直播改期', content: `${room}改到${timeOf(content)}。${booked}` };
    case 'room_cancelled':
      return { title: '直播取消', content: `${room}已取消。${booked}` };
    case 'campaign':
      return { title: content.unitName, content: `${content.text} 你是${content.unitName}的顾客，可随时退订。` };
    case 'coupon_ends':
      return {
        title: '优惠券快到期了',
        content: `「${content.text}」${timeOf(content)}到期。你在${content.unitName}领过这张券。`,
      };
    case 'order_news':
      return { title: '订单消息', content: content.text };
    case 'credit_news':
      return { title: '带来的订单', content: content.text };
  }
}
