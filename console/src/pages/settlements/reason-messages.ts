/** Why somebody is not paid, or not now. */
export const reasons = {
  zh: {
    'reason.not_positive': '余额不为正',
    'reason.below_minimum': '低于最低金额',
    'reason.no_account': '未绑定收款账户',
    'reason.real_name_needed': '需要实名',
    'reason.day_cap': '超过当日上限',
    'reason.day_transfers': '超过当日次数',
    'reason.more_than_approved': '剩余项无法在批准金额内支付，转下期',
  },
  en: {
    'reason.not_positive': 'Nothing due',
    'reason.below_minimum': 'Below the minimum',
    'reason.no_account': 'No account to pay to',
    'reason.real_name_needed': 'Real name needed',
    'reason.day_cap': 'Day’s cap reached',
    'reason.day_transfers': 'Day’s transfers used up',
    'reason.more_than_approved': 'What is left does not fit the approved sum; next run',
  },
} as const;
