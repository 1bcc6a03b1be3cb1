require 'active_record'

ActiveRecord::Base.establish_connection(adapter: 'postgresql')

class Doc < ActiveRecord::Base
  # What somebody else has changed since this was read: [[column, theirs, mine], ...]
  def changed_meanwhile
    theirs = self.class.find(id)
    (attribute_names - %w[updated_at lock_version])
      .reject { |name| theirs[name] == attribute_in_database(name) }
      .map { |name| [name, theirs[name], self[name]] }
  end

  # The row as it is now, with what was changed here; saving it keeps the rest of theirs.
  def rebased
    mine = changes_to_save.except('updated_at', 'lock_version').transform_values(&:last)
    self.class.find(id).tap { |theirs| theirs.assign_attributes(mine) }
  end
end

# What the server refuses, for "rescue ActiveRecord::StaleObjectError, RefusedWrite".
module RefusedWrite
  def self.===(error)
    error.cause.is_a?(PG::Error) && %w[PT409 PT428].include?(field(error, PG::PG_DIAG_SQLSTATE))
  end

  def self.field(error, name)
    error.cause.result&.error_field(name)
  end
end
