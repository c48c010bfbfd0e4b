package shopbridge.connect;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Keeps NULL in a column with a DDL default.
 *
 * <p>Debezium puts the default of a nullable column into the column's schema, and the Avro converter then writes that
 * default where the row holds NULL: what reads the topic cannot tell the two apart. This transformation takes the
 * defaults of nullable columns out of the row schemas, {@code before} and {@code after}, of change events. Columns that
 * cannot be NULL keep theirs: they do no harm, and a registry that checks compatibility wants them when a column is
 * added.
 *
 * <p>All else of a schema stays: names, versions, docs, parameters, optionality. Records that are no change events
 * (tombstones, heartbeats, schema changes, notifications) pass through as the objects they are. It must stand before
 * transformations that take the envelope off. There is nothing to configure.
 */
public final class StripDefaults<R extends ConnectRecord<R>> implements Transformation<R> {
    private static final String ENVELOPE = ".Envelope";

    private final Schemas schemas = new Schemas();

    @Override
    public R apply(R event) {
        Schema schema = event.valueSchema();
        if (!isEnvelope(schema)) {
            return event;
        }
        Schema stripped = schemas.ofEnvelope(schema);
        if (stripped == schema) {
            return event;
        }
        return event.newRecord(
                event.topic(),
                event.kafkaPartition(),
                event.keySchema(),
                event.key(),
                stripped,
                Values.moved(event.value(), schema, stripped),
                event.timestamp(),
                event.headers());
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef();
    }

    @Override
    public void configure(Map<String, ?> settings) {}

    @Override
    public void close() {}

    /** By the name that Debezium gives to all change events and to nothing else. */
    private static boolean isEnvelope(Schema schema) {
        return schema != null
                && schema.type() == Schema.Type.STRUCT
                && schema.name() != null
                && schema.name().endsWith(ENVELOPE);
    }
}
