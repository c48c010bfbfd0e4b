package shopbridge.connect;

import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.common.cache.Cache;
import org.apache.kafka.common.cache.LRUCache;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * Schemas without the defaults of what may be null. A schema that has none of them is given back as the object it is.
 *
 * <p>Each schema is rebuilt once: Debezium uses one object for all events of a table until the table changes, and
 * converters keep what they have registered by the schema they are given. Not for several threads; Connect gives each
 * task its own transformation.
 */
final class Schemas {
    /** More than the tables of a shop; what falls out is only rebuilt. */
    private static final int REMEMBERED = 2048;

    private static final Set<String> ROWS = Set.of("before", "after");

    private final Cache<Schema, Schema> envelopes = new LRUCache<>(REMEMBERED);
    private final Cache<Schema, Schema> parts = new LRUCache<>(REMEMBERED);

    /** The envelope with stripped rows; its other fields, as the source's {@code snapshot}, live by their defaults. */
    Schema ofEnvelope(Schema envelope) {
        Schema known = envelopes.get(envelope);
        if (known != null) {
            return known;
        }
        Schema stripped = struct(envelope, field -> ROWS.contains(field.name()) ? of(field.schema()) : field.schema());
        envelopes.put(envelope, stripped);
        return stripped;
    }

    private Schema of(Schema schema) {
        return switch (schema.type()) {
            case STRUCT -> ownsDefault(schema) ? schema : remembered(schema);
            case ARRAY -> array(schema);
            case MAP -> map(schema);
            default -> hasUselessDefault(schema) ? built(schema, new SchemaBuilder(schema.type())) : schema;
        };
    }

    /** {@code before} and {@code after} have one schema, and keep having one. */
    private Schema remembered(Schema schema) {
        Schema known = parts.get(schema);
        if (known != null) {
            return known;
        }
        Schema stripped = struct(schema, field -> of(field.schema()));
        parts.put(schema, stripped);
        return stripped;
    }

    private static Schema struct(Schema schema, Function<Field, Schema> strip) {
        SchemaBuilder builder = SchemaBuilder.struct();
        boolean changed = hasUselessDefault(schema);
        for (Field field : schema.fields()) {
            Schema stripped = strip.apply(field);
            changed |= stripped != field.schema();
            builder.field(field.name(), stripped);
        }
        return changed ? built(schema, builder) : schema;
    }

    private Schema array(Schema schema) {
        Schema elements = of(schema.valueSchema());
        boolean changed = elements != schema.valueSchema() || hasUselessDefault(schema);
        return changed ? built(schema, SchemaBuilder.array(elements)) : schema;
    }

    private Schema map(Schema schema) {
        Schema values = of(schema.valueSchema());
        boolean changed = values != schema.valueSchema() || hasUselessDefault(schema);
        return changed ? built(schema, SchemaBuilder.map(schema.keySchema(), values)) : schema;
    }

    /** A default of this kind is a struct of the very schema it stands in: neither can be rebuilt without the other. */
    private static boolean ownsDefault(Schema schema) {
        return !schema.isOptional() && schema.defaultValue() != null;
    }

    private static boolean hasUselessDefault(Schema schema) {
        return schema.isOptional() && schema.defaultValue() != null;
    }

    /** Whatever else a schema has, moved to the builder of the new one. */
    private static Schema built(Schema old, SchemaBuilder builder) {
        builder.name(old.name()).version(old.version()).doc(old.doc());
        if (old.parameters() != null) {
            builder.parameters(old.parameters());
        }
        if (old.isOptional()) {
            return builder.optional().build();
        }
        if (old.defaultValue() != null) {
            builder.defaultValue(Values.moved(old.defaultValue(), old, builder));
        }
        return builder.build();
    }
}
