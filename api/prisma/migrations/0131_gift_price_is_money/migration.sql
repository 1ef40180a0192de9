-- A coin is ten fen: what is counted in coins is money too (rule M1).
ALTER TABLE "gifts" ALTER COLUMN "price_coins" TYPE BIGINT;
