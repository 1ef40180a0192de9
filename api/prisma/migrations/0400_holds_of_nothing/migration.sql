-- Settlement of commission: a run finds what is held beside what is settleable without reading all that was ever paid; and holds that
-- nothing is left of are closed. See docs/26-commission.md.
CREATE INDEX commission_entries_held ON commission_entries (beneficiary_id, order_id) WHERE state = 'held';
