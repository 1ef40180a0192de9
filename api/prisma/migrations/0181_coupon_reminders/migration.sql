-- Rule N2: whoever holds a coupon is told once that it ends.
ALTER TABLE coupons ADD COLUMN reminded_at TIMESTAMPTZ(3);
DROP INDEX coupons_ending;
CREATE INDEX coupons_to_remind ON coupons (expires_at) WHERE state = 'held' AND reminded_at IS NULL;
