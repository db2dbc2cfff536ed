-- A command is paid for with one grant, and is asked for the session that earned it.
CREATE UNIQUE INDEX grant_of_command ON grants (spent_on) WHERE spent_on IS NOT NULL;
