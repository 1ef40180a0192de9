import { createI18n } from '@walnut-live/ui';

/** Training material of a conference. */
export const conferenceI18n = createI18n({
  zh: {
    open: '资料',
    title: '会议资料',
    empty: '主办方还没有上传资料',
    'kind.link': '链接',
    'kind.pdf': 'PDF',
    'kind.picture': '图片',
    download: '下载{title}',
    visit: '打开{title}',
  },
  en: {
    open: 'Material',
    title: 'Conference material',
    empty: 'The host has not added any material yet',
    'kind.link': 'Link',
    'kind.pdf': 'PDF',
    'kind.picture': 'Picture',
    download: 'Download {title}',
    visit: 'Open {title}',
  },
});
export const useConferenceT = conferenceI18n.useT;
