import type { ErrorCode } from '@walnut-live/contracts';
import type { Locale } from './locale.ts';
import { useLocale } from './locale-provider.tsx';

/**
 * Failures that only a client can see (`offline` and `bad_reply` are live-client's); the rest of the codes come from
 * contracts/src/errors.ts.
 */
export type ClientErrorCode = 'offline' | 'bad_reply' | 'network' | 'timeout' | 'unknown';
export type AnyErrorCode = ErrorCode | ClientErrorCode;

/** Each text says what happened and, where there is one, what to do. Server texts never reach a viewer. */
export const errorMessages: { zh: Record<AnyErrorCode, string>; en: Record<AnyErrorCode, string> } = {
  zh: {
    offline: '网络连接不上，请检查网络后重试',
    bad_reply: '网络返回异常，可能需要先登录当前 Wi-Fi',
    network: '网络连接不上，请检查网络后重试',
    timeout: '网络有点慢，请稍后重试',
    unknown: '出了点问题，请稍后重试',
    invalid_request: '填写的内容有误，请检查后重试',
    idempotency_key_missing: '请求不完整，请刷新页面后重试',
    unauthenticated: '请先登录',
    session_expired: '登录已过期，请重新登录',
    wrong_credentials: '账号或密码不正确',
    forbidden: '你没有权限进行此操作',
    banned: '你已被移出该直播间',
    muted: '你已被禁言，暂时不能发言',
    followers_only: '本场只有关注了主播的朋友可以发言',
    customers_only: '本场只有买过的朋友可以发言',
    not_in_audience: '这个直播间不对你开放',
    words_refused: '有不能在直播间说的内容，请修改后再发',
    slow_mode: '主播开启了慢速模式，请稍等再发',
    insiders_excluded: '工作人员不能参与',
    draw_not_open: '抽奖还没开始或已结束',
    budget_exceeded: '营销预算不足，请联系总部',
    coupon_not_usable: '这张优惠券现在不能用',
    group_buy_not_open: '这个拼团活动现在不能开团',
    group_full: '这个团已满员，看看别的团',
    group_over: '这个团已经结束',
    pre_sale_not_open: '这个预售现在不能付定金',
    already_in_group: '你已经在这个团里了',
    group_incomplete: '还没有成团，成团后才能发货',
    not_delivered_there: '该地区暂不支持配送',
    network_limit: '同一网络参与人数已达上限',
    rewards_outside_wechat: '微信内不能领取分享奖励，请在浏览器中打开',
    too_early: '还没开始，请稍等',
    self_action: '不能对自己进行此操作',
    conflict_of_interest: '这件事与你有利益关系，请由其他有权限的同事处理',
    host_not_cleared: '主播还不能开播：请店长或总部先核实身份（须满 16 周岁）和培训',
    adult_check_needed: '请先完成实名认证（仅限成年人）',
    adults_only: '未成年人不能充值和送礼',
    not_found: '内容不存在或已下架',
    method_not_allowed: '暂不支持此操作',
    conflict: '内容已被修改，请刷新后重试',
    request_in_flight: '正在处理，请勿重复提交',
    state_conflict: '状态已变化，请刷新后重试',
    room_not_live: '直播尚未开始或已结束',
    price_changed: '价格有变动，请确认最新价格',
    refund_changed: '可退金额有变化，请核对最新金额后再提交',
    out_of_stock: '来晚一步，已售罄',
    offer_not_open: '直播价还没开始或已结束',
    offer_sold_out: '直播价名额已抢完',
    limit_exceeded: '已达到每人限购数量',
    already_paid: '订单已支付，无需重复付款',
    below_price_floor: '价格低于总部设定的最低价',
    identity_refused: '姓名或身份证号有误，请核对后重试',
    insufficient_coins: '金币不足',
    insufficient_points: '积分不足',
    gift_cap_reached: '已达到送礼限额',
    too_late: '已过可撤回时间',
    gone: '内容已失效',
    body_too_large: '内容太大，请精简后重试',
    unsupported_media_type: '不支持的文件格式',
    idempotency_key_reused: '请求已变化，请刷新页面后重试',
    rate_limited: '操作太快了，请稍后再试',
    internal: '服务开小差了，请稍后重试',
    provider_unavailable: '支付服务暂时不可用，请稍后重试',
    unavailable: '服务繁忙，请稍后重试',
  },
  en: {
    offline: 'Cannot reach the network. Check your connection and try again',
    bad_reply: 'The network answered strangely. You may have to sign in to this Wi-Fi first',
    network: 'Cannot reach the network. Check your connection and try again',
    timeout: 'The network is slow. Try again in a moment',
    unknown: 'Something went wrong. Try again in a moment',
    invalid_request: 'Some of the input is not valid. Check it and try again',
    idempotency_key_missing: 'The request was incomplete. Reload the page and try again',
    unauthenticated: 'Please sign in first',
    session_expired: 'Your session has expired. Please sign in again',
    wrong_credentials: 'Wrong account or password',
    forbidden: 'You are not allowed to do this',
    banned: 'You have been removed from this live room',
    muted: 'You are muted and cannot send messages for now',
    followers_only: 'Only people who follow the host can chat right now',
    customers_only: 'Only people who have bought here can chat right now',
    not_in_audience: 'This room is not open to you',
    words_refused: 'Some words are not allowed here. Please change them',
    slow_mode: 'Slow mode is on. Please wait a moment before the next message',
    insiders_excluded: 'Staff cannot take part',
    draw_not_open: 'The draw has not started or is over',
    budget_exceeded: 'The marketing budget is too small. Please ask headquarters',
    coupon_not_usable: 'This coupon cannot be used now',
    group_buy_not_open: 'No group can be opened here now',
    group_full: 'This group is full, have a look at another one',
    group_over: 'This group is over',
    pre_sale_not_open: 'No deposit can be paid in this pre-sale now',
    already_in_group: 'You are in this group already',
    group_incomplete: 'The group is not complete yet; the order is sent once it is',
    not_delivered_there: 'Nothing can be sent to this address',
    network_limit: 'Too many people have taken part from this network',
    rewards_outside_wechat: 'Rewards for sharing cannot be taken inside WeChat; open this in a browser',
    too_early: 'Not yet. Please wait a moment',
    self_action: 'You cannot do this to yourself',
    conflict_of_interest: 'You have an interest in this: a colleague with the permission must decide it',
    host_not_cleared:
      'This host cannot go live yet: a manager must first check their identity (16 or older) and training',
    adult_check_needed: 'Please confirm first that you are an adult',
    adults_only: 'Minors cannot buy coins or give gifts',
    not_found: 'This does not exist or is no longer available',
    method_not_allowed: 'This is not supported',
    conflict: 'This has been changed meanwhile. Reload and try again',
    request_in_flight: 'Already in progress. Please do not submit twice',
    state_conflict: 'The state has changed. Reload and try again',
    room_not_live: 'The live has not started or is over',
    price_changed: 'The price has changed. Please confirm the new price',
    refund_changed: 'What can be refunded has changed. Check the new amount and send again',
    out_of_stock: 'Just missed it: sold out',
    offer_not_open: 'The live price has not started or is over',
    offer_sold_out: 'The live price is sold out',
    limit_exceeded: 'You have reached the limit per person',
    already_paid: 'This order is already paid',
    below_price_floor: 'The price is below the floor set by headquarters',
    identity_refused: 'Name or ID number is not right. Check both and try again',
    insufficient_coins: 'Not enough coins',
    insufficient_points: 'Not enough points',
    gift_cap_reached: 'You have reached the limit for gifts',
    too_late: 'The time to take it back is over',
    gone: 'This is no longer valid',
    body_too_large: 'This is too large. Shorten it and try again',
    unsupported_media_type: 'This kind of file is not supported',
    idempotency_key_reused: 'The request has changed. Reload the page and try again',
    rate_limited: 'Too fast. Try again in a moment',
    internal: 'Our service has a problem. Try again in a moment',
    provider_unavailable: 'The payment service is unavailable. Try again in a moment',
    unavailable: 'The service is busy. Try again in a moment',
  },
};

/** Anything thrown by the http client, a socket acknowledgement's error, or a stranger. */
const codeOf = (error: unknown): AnyErrorCode => {
  if (typeof error === 'string' && error in errorMessages.zh) return error as AnyErrorCode;
  if (typeof error === 'object' && error !== null && 'code' in error) {
    const { code } = error;
    if (typeof code === 'string' && code in errorMessages.zh) return code as AnyErrorCode;
  }
  // fetch() rejects with a TypeError when nothing came back at all.
  if (error instanceof TypeError) return 'network';
  if (error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError')) return 'timeout';
  return 'unknown';
};

/** The words that were refused; the server names them to staff alone. */
const termsOf = (error: unknown): string[] => {
  if (typeof error !== 'object' || error === null || !('facts' in error)) return [];
  const { facts } = error;
  if (typeof facts !== 'object' || facts === null || !('terms' in facts) || !Array.isArray(facts.terms)) return [];
  return facts.terms.filter((term) => typeof term === 'string');
};

/** The text for an error or a code in a language. */
export const errorText = (error: unknown, locale: Locale): string => {
  const isChinese = locale === 'zh-CN';
  const text = errorMessages[isChinese ? 'zh' : 'en'][codeOf(error)];
  const terms = termsOf(error);
  if (terms.length === 0) return text;
  return isChinese ? `${text}：${terms.join('、')}` : `${text}: ${terms.join(', ')}`;
};

/** The request id that an engineer needs, if the error carries one. */
export const requestIdOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('requestId' in error && typeof error.requestId === 'string') return error.requestId;
  if ('problem' in error) return requestIdOf(error.problem);
  return undefined;
};

/** Inside React: `const errorText = useErrorText(); errorText(error)`. */
export const useErrorText = (): ((error: unknown) => string) => {
  const { locale } = useLocale();
  return (error) => errorText(error, locale);
};
