"""The factory of triggers that CONCURRENCY_TRIGGERS_FACTORY names."""

from concurrency.triggers import TriggerFactory


class VersionTrigger(TriggerFactory):
    """For each TriggerVersionField, the trigger that checks; also in place of the one that only counts."""

    update_clause = """
        CREATE OR REPLACE TRIGGER "{trigger_name}" BEFORE INSERT OR UPDATE ON "{opts.db_table}"
            FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('{field.column}')
    """
    drop_clause = """DROP TRIGGER IF EXISTS "{trigger_name}" ON "{opts.db_table}" """
    list_clause = "SELECT trigger_name FROM concurrency.attachments"
