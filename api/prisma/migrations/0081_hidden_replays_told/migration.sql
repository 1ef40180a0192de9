-- Media servers are told which replays are hidden: those that are so already count as news.
UPDATE recordings SET version = version + 1 WHERE state = 'ready' AND NOT visible;
