-- Prepaid coins, the adult check, gifts and how their revenue is shared (rules G1, M1–M4, K6, Z6).

-- A payment pays an order or tops up a wallet.
CREATE TABLE "coin_top_ups" (
    "id" UUID NOT NULL,
    "top_up_no" TEXT NOT NULL,
    "person_id" UUID NOT NULL,
    "price_fen" BIGINT NOT NULL,
    "coins" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "paid_at" TIMESTAMPTZ(3),

    CONSTRAINT "coin_top_ups_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "coin_top_ups_top_up_no_key" ON "coin_top_ups"("top_up_no");
CREATE INDEX "coin_top_ups_person_id_created_at_idx" ON "coin_top_ups"("person_id", "created_at");
ALTER TABLE "coin_top_ups" ADD CONSTRAINT "coin_top_ups_state" CHECK (state IN ('pending', 'paid', 'expired')),
  ADD CONSTRAINT "coin_top_ups_amounts" CHECK (coins > 0 AND price_fen = coins * 10);
CREATE INDEX "coin_top_ups_due" ON "coin_top_ups" (expires_at) WHERE state = 'pending';

ALTER TABLE "payments" ALTER COLUMN "order_id" DROP NOT NULL,
  ADD COLUMN "top_up_id" UUID,
  ADD CONSTRAINT "payments_subject" CHECK (num_nonnulls(order_id, top_up_id) = 1);
CREATE UNIQUE INDEX "payments_top_up_id_key" ON "payments"("top_up_id");
ALTER TABLE "payments" ADD CONSTRAINT "payments_top_up_id_fkey" FOREIGN KEY ("top_up_id") REFERENCES "coin_top_ups"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "refunds" ALTER COLUMN "order_id" DROP NOT NULL;

-- Nobody's coins, and no room's gifts, are below zero (liabilities stand negative), and a coin is whole: ten fen.
ALTER TABLE "ledger_accounts" ADD CONSTRAINT "ledger_accounts_prepaid" CHECK (
  kind NOT IN ('coin_wallet', 'room_gifts') OR (balance_fen <= 0 AND balance_fen % 10 = 0));

-- Consent and the adult check (Z6): a keyed hash of the number and a year, never the number.
CREATE TABLE "consents" (
    "id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "wording_version" INTEGER NOT NULL,
    "given_at" TIMESTAMPTZ(3) NOT NULL,
    "withdrawn_at" TIMESTAMPTZ(3),

    CONSTRAINT "consents_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "consents_person_id_purpose_idx" ON "consents"("person_id", "purpose");
CREATE UNIQUE INDEX "consents_current" ON "consents" (person_id, purpose) WHERE withdrawn_at IS NULL;
CREATE TABLE "adult_checks" (
    "person_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "birth_year" INTEGER NOT NULL,
    "adult" BOOLEAN NOT NULL,
    "verifier" TEXT NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "adult_checks_pkey" PRIMARY KEY ("person_id")
);

-- Gifts.
CREATE TABLE "gifts" (
    "id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,
    "picture_url" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "price_coins" INTEGER NOT NULL,
    "active" BOOLEAN NOT NULL,

    CONSTRAINT "gifts_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "gifts" ADD CONSTRAINT "gifts_effect" CHECK (effect IN ('small', 'medium', 'large')),
  ADD CONSTRAINT "gifts_price" CHECK (price_coins BETWEEN 1 AND 100000);

CREATE TABLE "gift_policies" (
    "version" INTEGER NOT NULL,
    "cooling_seconds" INTEGER NOT NULL,
    "per_gift_cap_coins" INTEGER NOT NULL,
    "day_cap_coins" INTEGER NOT NULL,
    "month_cap_coins" INTEGER NOT NULL,
    "brand_bps" INTEGER NOT NULL,
    "store_bps" INTEGER NOT NULL,
    "guide_bps" INTEGER NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "by_id" UUID,

    CONSTRAINT "gift_policies_pkey" PRIMARY KEY ("version")
);
ALTER TABLE "gift_policies" ADD CONSTRAINT "gift_policies_shares" CHECK (
    brand_bps >= 0 AND store_bps >= 0 AND guide_bps >= 0 AND brand_bps + store_bps + guide_bps = 10000),
  ADD CONSTRAINT "gift_policies_caps" CHECK (
    cooling_seconds BETWEEN 3 AND 300 AND 0 < per_gift_cap_coins AND per_gift_cap_coins <= day_cap_coins AND day_cap_coins <= month_cap_coins);

CREATE TABLE "gift_shares" (
    "id" UUID NOT NULL,
    "room_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "gifts" INTEGER NOT NULL,
    "brand_fen" BIGINT NOT NULL,
    "store_fen" BIGINT NOT NULL,
    "guide_fen" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "gift_shares_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "given_gifts" (
    "id" UUID NOT NULL,
    "room_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "gift_id" UUID NOT NULL,
    "quantity" INTEGER NOT NULL,
    "unit_coins" INTEGER NOT NULL,
    "coins" BIGINT NOT NULL,
    "combo_id" UUID NOT NULL,
    "combo_count" INTEGER NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "subject" TEXT NOT NULL,
    "org_unit_id" UUID NOT NULL,
    "org_path" TEXT NOT NULL,
    "host_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "given_at" TIMESTAMPTZ(3) NOT NULL,
    "take_back_until" TIMESTAMPTZ(3) NOT NULL,
    "taken_back_at" TIMESTAMPTZ(3),
    "share_id" UUID,
    "brand_fen" BIGINT,
    "store_fen" BIGINT,
    "guide_fen" BIGINT,

    CONSTRAINT "given_gifts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "given_gifts_room_id_given_at_idx" ON "given_gifts"("room_id", "given_at");
CREATE INDEX "given_gifts_combo_id_idx" ON "given_gifts"("combo_id");
CREATE INDEX "given_gifts_org_path_prefix" ON "given_gifts" (org_path text_pattern_ops, given_at);
CREATE INDEX "given_gifts_cooling" ON "given_gifts" (take_back_until) WHERE state = 'given';
ALTER TABLE "given_gifts" ADD CONSTRAINT "given_gifts_gift_id_fkey" FOREIGN KEY ("gift_id") REFERENCES "gifts"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT "given_gifts_state" CHECK (state IN ('given', 'taken_back', 'shared')),
  ADD CONSTRAINT "given_gifts_sum" CHECK (quantity > 0 AND coins = quantity * unit_coins::bigint AND combo_count >= quantity),
  ADD CONSTRAINT "given_gifts_share" CHECK (
    (state = 'shared') = (share_id IS NOT NULL) AND (state <> 'shared' OR brand_fen + store_fen + guide_fen = coins * 10));

-- What a person has given in a day and in a month; grows only by a conditional statement.
CREATE TABLE "gift_usage" (
    "subject" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "coins" BIGINT NOT NULL,

    CONSTRAINT "gift_usage_pkey" PRIMARY KEY ("subject","period")
);
ALTER TABLE "gift_usage" ADD CONSTRAINT "gift_usage_coins" CHECK (coins >= 0);

-- The first rules and gifts in force; headquarters changes them.
INSERT INTO gift_policies VALUES (1, 10, 2000, 5000, 20000, 2000, 3000, 5000, '2026-01-01T00:00:00Z', NULL);
INSERT INTO gifts (id, position, name, name_en, picture_url, effect, price_coins, active) VALUES
  ('01980000-0000-7000-8000-000000000001', 1, '小核桃', 'Little walnut', '/pictures/gift-walnut.svg', 'small', 1, true),
  ('01980000-0000-7000-8000-000000000002', 2, '幸运叶', 'Lucky leaf', '/pictures/gift-leaf.svg', 'small', 5, true),
  ('01980000-0000-7000-8000-000000000003', 3, '小松鼠', 'Squirrel', '/pictures/gift-squirrel.svg', 'small', 10, true),
  ('01980000-0000-7000-8000-000000000004', 4, '核桃乳', 'Walnut milk', '/pictures/gift-milk.svg', 'medium', 30, true),
  ('01980000-0000-7000-8000-000000000005', 5, '丰收篮', 'Harvest basket', '/pictures/gift-basket.svg', 'medium', 100, true),
  ('01980000-0000-7000-8000-000000000006', 6, '红灯笼', 'Red lantern', '/pictures/gift-lantern.svg', 'medium', 200, true),
  ('01980000-0000-7000-8000-000000000007', 7, '核桃树', 'Walnut tree', '/pictures/gift-tree.svg', 'large', 520, true),
  ('01980000-0000-7000-8000-000000000008', 8, '山货专列', 'Harvest train', '/pictures/gift-train.svg', 'large', 1000, true);
