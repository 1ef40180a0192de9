-- Which of several media servers keeps a recording: its control address.
ALTER TABLE recordings ADD COLUMN media_home TEXT;
