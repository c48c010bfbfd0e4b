package shopbridge.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.junit.jupiter.api.Test;

/** What happens to change events, and that nothing happens to the rest. */
class StripDefaultsTest {
    private static final Schema OPTIONAL_INT = SchemaBuilder.int32()
            .name("io.debezium.time.Date")
            .version(1)
            .doc("when")
            .parameter("__debezium.source.column.type", "DATE")
            .optional()
            .defaultValue(7)
            .build();
    private static final Schema REQUIRED_INT = SchemaBuilder.int32().defaultValue(3).build();
    private static final Schema ROW = row(SchemaBuilder.struct()
            .name("shop.public.t.Value")
            .parameter("kept", "too"));
    private static final Schema ENVELOPE = envelope("shop.public.t.Envelope", ROW);

    private final StripDefaults<SourceRecord> transform = new StripDefaults<>();

    private static Schema row(SchemaBuilder builder) {
        return builder.field("id", Schema.INT64_SCHEMA)
                .field("nullable", OPTIONAL_INT)
                .field("required", REQUIRED_INT)
                .optional()
                .build();
    }

    private static Schema envelope(String name, Schema row) {
        Schema snapshot = SchemaBuilder.string().optional().defaultValue("false").build();
        return SchemaBuilder.struct()
                .name(name)
                .version(2)
                .field("before", row)
                .field("after", row)
                .field("source", SchemaBuilder.struct().field("snapshot", snapshot).build())
                .field("op", Schema.STRING_SCHEMA)
                .build();
    }

    private static Struct event(Schema envelope, Struct after) {
        Struct source = new Struct(envelope.field("source").schema());
        return new Struct(envelope).put("after", after).put("source", source).put("op", "c");
    }

    private static SourceRecord source(Schema schema, Object value) {
        return new SourceRecord(Map.of(), Map.of(), "shop.public.t", 4, Schema.INT64_SCHEMA, 1L, schema, value, 5L);
    }

    private Struct applied(Struct event) {
        return (Struct) transform.apply(source(event.schema(), event)).value();
    }

    private static String json(Struct value) {
        try (JsonConverter converter = new JsonConverter()) {
            converter.configure(Map.of("schemas.enable", "false"), false);
            return new String(converter.fromConnectData("t", value.schema(), value), StandardCharsets.UTF_8);
        }
    }

    /** A converter writes the default for NULL before, and NULL afterwards; a value stays what it is. */
    @Test
    void nullStaysNull() {
        Struct row = new Struct(ROW).put("id", 1L).put("required", 9);
        Struct event = event(ENVELOPE, row);
        assertEquals("{\"id\":1,\"nullable\":7,\"required\":9}", json(event.getStruct("after")));
        assertEquals("{\"id\":1,\"nullable\":null,\"required\":9}", json(applied(event).getStruct("after")));
        row.put("nullable", 8);
        assertEquals("{\"id\":1,\"nullable\":8,\"required\":9}", json(applied(event).getStruct("after")));
    }

    /** Columns' types travel in names and parameters; of all this only the default goes. */
    @Test
    void theRestOfTheSchemaStays() {
        Schema stripped = applied(event(ENVELOPE, null)).schema();
        Schema column = stripped.field("after").schema().field("nullable").schema();
        assertNull(column.defaultValue());
        assertEquals(
                SchemaBuilder.int32()
                        .name("io.debezium.time.Date")
                        .version(1)
                        .doc("when")
                        .parameter("__debezium.source.column.type", "DATE")
                        .optional()
                        .build(),
                column);
        assertEquals("shop.public.t.Envelope", stripped.name());
        assertEquals(2, stripped.version());
        assertEquals("shop.public.t.Value", stripped.field("before").schema().name());
        assertEquals(Map.of("kept", "too"), stripped.field("before").schema().parameters());
        assertEquals(true, stripped.field("before").schema().isOptional());
        assertSame(stripped.field("before").schema(), stripped.field("after").schema());
    }

    /** The default stands in for a value that is not there, as Debezium leaves it out of a deleted row. */
    @Test
    void aRequiredColumnKeepsItsDefault() {
        Struct before = new Struct(ROW).put("id", 1L);
        Struct event = event(ENVELOPE, null).put("before", before).put("op", "d");
        Struct applied = applied(event);
        applied.validate();
        assertEquals(3, applied.getStruct("before").get("required"));
    }

    /** Debezium leaves {@code snapshot} unset in the stream and relies on its default. */
    @Test
    void theSourceKeepsItsDefaults() {
        assertEquals("false", applied(event(ENVELOPE, null)).getStruct("source").get("snapshot"));
    }

    /** Converters remember schemas by the object: a table must not have a new one with each row. */
    @Test
    void aSchemaIsRebuiltOnce() {
        Schema first = applied(event(ENVELOPE, null)).schema();
        assertSame(first, applied(event(ENVELOPE, null)).schema());
        Schema altered = envelope("shop.public.t.Envelope", row(SchemaBuilder.struct().name("shop.public.t.Value")));
        assertNotEquals(first, applied(event(altered, null)).schema());
    }

    /** A table without such a column costs nothing. */
    @Test
    void anEventWithoutDefaultsIsLeftAlone() {
        Schema row = SchemaBuilder.struct().field("required", REQUIRED_INT).optional().build();
        SourceRecord record = source(envelope("p.s.t.Envelope", row), null);
        assertSame(record, transform.apply(record));
    }

    /** Topic, partition, key, time, headers and the source's position go on unchanged. */
    @Test
    void onlyTheValueChanges() {
        SourceRecord record = source(ENVELOPE, event(ENVELOPE, null));
        record.headers().addString("__debezium.newkey", "2");
        SourceRecord applied = transform.apply(record);
        assertEquals("shop.public.t", applied.topic());
        assertEquals(4, applied.kafkaPartition());
        assertSame(Schema.INT64_SCHEMA, applied.keySchema());
        assertEquals(1L, applied.key());
        assertEquals(5L, applied.timestamp());
        assertEquals("2", applied.headers().lastWithName("__debezium.newkey").value());
        assertSame(record.sourceOffset(), applied.sourceOffset());
    }

    /** Structs, lists and maps inside a row are walked; a required struct with a default is left as it is. */
    @Test
    void nestedValuesAreMoved() {
        Schema inner = SchemaBuilder.struct().field("n", OPTIONAL_INT).build();
        Schema row = SchemaBuilder.struct()
                .field("struct", inner)
                .field("list", SchemaBuilder.array(inner).optional().build())
                .field("numbers", SchemaBuilder.array(OPTIONAL_INT).optional().defaultValue(List.of(1)).build())
                .field("map", SchemaBuilder.map(Schema.STRING_SCHEMA, OPTIONAL_INT).build())
                .field("price", Decimal.builder(2).optional().defaultValue(BigDecimal.valueOf(100, 2)).build())
                .optional()
                .build();
        Struct empty = new Struct(inner);
        Struct after = new Struct(row)
                .put("struct", empty)
                .put("list", List.of(empty))
                .put("numbers", Arrays.asList(1, null))
                .put("map", Collections.singletonMap("a", null));
        Struct applied = applied(event(envelope("p.s.t.Envelope", row), after)).getStruct("after");
        applied.validate();
        assertNull(applied.getStruct("struct").get("n"));
        assertNull(((Struct) applied.getArray("list").get(0)).get("n"));
        assertEquals(Arrays.asList(1, null), applied.getArray("numbers"));
        assertEquals(Collections.singletonMap("a", null), applied.getMap("map"));
        assertNull(applied.get("price"));
        assertEquals("2", applied.schema().field("price").schema().parameters().get(Decimal.SCALE_FIELD));
    }

    /** A struct that is its own schema's default cannot be taken apart, and stays whole. */
    @Test
    void aRequiredStructWithADefaultStays() {
        SchemaBuilder builder = SchemaBuilder.struct().field("n", OPTIONAL_INT);
        Schema inner = builder.defaultValue(new Struct(builder)).build();
        Schema row = SchemaBuilder.struct().field("s", inner).field("n", OPTIONAL_INT).optional().build();
        Schema stripped = applied(event(envelope("p.s.t.Envelope", row), null)).schema();
        assertSame(inner, stripped.field("after").schema().field("s").schema());
        assertNull(stripped.field("after").schema().field("n").schema().defaultValue());
    }

    /** A truncate and a message of the log have neither row. */
    @Test
    void anEventWithoutRowsPasses() {
        Struct applied = applied(event(ENVELOPE, null).put("op", "t"));
        assertEquals("t", applied.get("op"));
        assertNull(applied.get("after"));
    }

    /** Tombstones, heartbeats, schema changes, notifications and values without schema come out as they went in. */
    @Test
    void otherRecordsAreLeftAlone() {
        Schema withDefault = SchemaBuilder.struct()
                .name("io.debezium.connector.common.Heartbeat")
                .field("after", ROW)
                .field("n", OPTIONAL_INT)
                .build();
        List<SourceRecord> others = List.of(
                source(null, null),
                source(ENVELOPE, null),
                source(withDefault, new Struct(withDefault)),
                source(SchemaBuilder.struct().field("n", OPTIONAL_INT).build(), null),
                source(Schema.STRING_SCHEMA, "text"),
                source(null, Map.of("before", 1)));
        for (SourceRecord record : others) {
            SourceRecord applied = transform.apply(record);
            assertEquals(record.value(), applied.value());
            if (record.valueSchema() != ENVELOPE) {
                assertSame(record, applied);
            }
        }
    }

    /** Connect finds the transformation by its manifest, and makes it without arguments. */
    @Test
    @SuppressWarnings("rawtypes") // a service is named by its class alone
    void connectFindsIt() {
        List<String> found = ServiceLoader.load(Transformation.class).stream()
                .map(provider -> provider.type().getName())
                .filter(name -> name.startsWith("shopbridge."))
                .toList();
        assertEquals(List.of("shopbridge.connect.StripDefaults"), found);
        transform.configure(Map.of());
        assertEquals(0, transform.config().names().size());
        transform.close();
    }
}
