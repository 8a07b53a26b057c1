-- The log keeps the event it led to, so that everything made from match.rated can be made again (services/profile/README.md).
ALTER TABLE profile.applied ADD COLUMN event text;  -- body of match.rated; none: applied before this migration
