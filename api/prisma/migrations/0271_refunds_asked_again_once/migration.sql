-- A refund that was refused for good is asked for once more by exactly one other, so that nobody is paid twice for it (S8).
ALTER TABLE refunds ADD COLUMN retry_of UUID,
  ADD CONSTRAINT refunds_retry_of_fkey FOREIGN KEY (retry_of) REFERENCES refunds (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX refunds_retry_of_key ON refunds (retry_of);
