/** Which requests for a share link are a person's visit (rule A7), and which only look at it. */

/** A second click of one visitor on one link within this time is the same visit: double taps, reloads, in-app browsers. */
export const SAME_VISIT_SECONDS = 60;

/**
 * Link previews and crawlers by what they call themselves. Matched without case, anywhere in the user agent. Chat apps' own
 * browsers (MicroMessenger, DingTalk, Weibo …) are people and must not match.
 */
const readers = [
  'facebookexternalhit',
  'slackbot',
  'twitterbot',
  'telegrambot',
  'whatsapp/',
  'linkedinbot',
  'discordbot',
  'skypeuripreview',
  'dingtalkbot',
  'wechatbot',
  'larkurl2png',
  'googlebot',
  'bingbot',
  'bingpreview',
  'applebot',
  'baiduspider',
  'bytespider',
  'sogou web spider',
  'yisouspider',
  '360spider',
  'petalbot',
  'yandexbot',
] as const;
const crawler = /\b(bot|crawler|spider|preview)\b/i;

export function isVisit(request: { method: string; userAgent: string; purpose: string }): boolean {
  if (request.method !== 'GET') return false;
  if (/prefetch|preview|prerender/i.test(request.purpose)) return false;
  const agent = request.userAgent.toLowerCase();
  return !readers.some((reader) => agent.includes(reader)) && !crawler.test(agent);
}

/** Rule Z5: WeChat's own browser, WeChat Work's too. */
export const isInWechat = (userAgent: string): boolean => /micromessenger/i.test(userAgent);
