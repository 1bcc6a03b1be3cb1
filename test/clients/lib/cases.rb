# Runs a client's writes, and prints what became of each of them.

require 'pg'

$stdout.sync = true

class Cases
  FIELDS = [
    PG::PG_DIAG_SQLSTATE, PG::PG_DIAG_SCHEMA_NAME, PG::PG_DIAG_TABLE_NAME, PG::PG_DIAG_COLUMN_NAME,
    PG::PG_DIAG_CONSTRAINT_NAME
  ].freeze

  # The exception by which the client itself says that a write is stale.
  def initialize(table, stale_error)
    @table = table
    @stale_error = stale_error
    @plain = PG.connect
  end

  # Write as a tool does that knows nothing of versions.
  def write_blindly(id)
    @plain.exec_params("UPDATE #{@table} SET body = 'by a tool' WHERE id = $1", [id])
  end

  # Make the write in the block; it is lost work if the row does not keep its body.
  def attempt(name, row = nil, keeps: nil)
    outcome, detail = outcome_of { yield }
    kept = keeps.nil? || body(row.id) == keeps
    raise "#{name} was refused, and written" if outcome != 'accepted' && !kept
    puts [name, kept ? outcome : 'lost', detail].compact.join("\t")
  end

  private

  def body(id)
    @plain.exec_params("SELECT body FROM #{@table} WHERE id = $1", [id]).values.dig(0, 0)
  end

  def outcome_of
    yield == 0 ? ['refused by the client', '0 rows'] : ['accepted']
  rescue RefusedWrite => error
    fields = FIELDS.map { |name| RefusedWrite.field(error, name) }
    ['refused by us', [error.class, error.cause.class, *fields].join(' ')]
  rescue @stale_error => error
    ['refused by the client', error.class]
  end
end
