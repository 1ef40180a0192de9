import { createI18n } from '@walnut-live/ui';

/** A password set with a code. */
export const codeI18n = createI18n({
  zh: {
    open: '用口令设置密码',
    title: '用一次性口令设置密码',
    username: '登录名',
    code: '一次性口令',
    password: '新密码（至少 10 位）',
    needed: '必填',
    short: '至少 10 位',
    submit: '设置密码',
    done: '密码已设置，请登录',
  },
  en: {
    open: 'Set a password with a code',
    title: 'Set a password with a code',
    username: 'User name',
    code: 'Code',
    password: 'New password (10 characters or more)',
    needed: 'Needed',
    short: '10 characters or more',
    submit: 'Set the password',
    done: 'Your password is set: sign in',
  },
});
export const useCodeT = codeI18n.useT;
