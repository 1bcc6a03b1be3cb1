import org.jooq.Identity;
import org.jooq.TableField;
import org.jooq.UniqueKey;
import org.jooq.impl.DSL;
import org.jooq.impl.Internal;
import org.jooq.impl.SQLDataType;
import org.jooq.impl.TableImpl;
import org.jooq.impl.UpdatableRecordImpl;

/** The table as jOOQ's generator makes it, but for what is not needed here; recordVersionFields makes getRecordVersion. */
class Doc extends TableImpl<DocRecord> {
	static final Doc DOC = new Doc();

	final TableField<DocRecord, Long> ID = createField(DSL.name("id"), SQLDataType.BIGINT.nullable(false).identity(true));
	final TableField<DocRecord, String> TITLE = createField(DSL.name("title"), SQLDataType.CLOB.nullable(false));
	final TableField<DocRecord, String> BODY = createField(DSL.name("body"), SQLDataType.CLOB);
	final TableField<DocRecord, Long> VERSION = createField(DSL.name("version"), SQLDataType.BIGINT.nullable(false));

	private Doc() {
		super(DSL.name("doc"));
	}

	@Override
	public Class<DocRecord> getRecordType() {
		return DocRecord.class;
	}

	@Override
	public Identity<DocRecord, Long> getIdentity() {
		return Internal.createIdentity(this, ID);
	}

	@Override
	public UniqueKey<DocRecord> getPrimaryKey() {
		return Internal.createUniqueKey(this, DSL.name("doc_pkey"), ID);
	}

	@Override
	public TableField<DocRecord, Long> getRecordVersion() {
		return VERSION;
	}
}

class DocRecord extends UpdatableRecordImpl<DocRecord> {
	DocRecord() {
		super(Doc.DOC);
	}
}
