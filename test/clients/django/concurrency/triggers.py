"""What django-concurrency does with a factory of triggers; Debian has no package of it."""


class TriggerFactory:
    def __init__(self, connection):
        self.connection = connection

    def run(self, clause, field):
        names = {"trigger_name": field.trigger_name, "opts": field.model._meta, "field": field}
        with self.connection.cursor() as cursor:
            cursor.execute(clause.format(**names))

    def create(self, field):
        if field.trigger_name not in self.get_list():
            self.run(self.update_clause, field)

    def drop(self, field):
        self.run(self.drop_clause, field)

    def get_list(self):
        with self.connection.cursor() as cursor:
            cursor.execute(self.list_clause)
            return sorted(row[0] for row in cursor.fetchall())
