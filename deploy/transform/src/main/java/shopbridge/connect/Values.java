package shopbridge.connect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/** Values moved from a schema to the same one without defaults. */
final class Values {
    private Values() {}

    static Object moved(Object value, Schema from, Schema to) {
        if (value == null || from == to) {
            return value;
        }
        return switch (from.type()) {
            case STRUCT -> struct((Struct) value, to);
            case ARRAY -> array((List<?>) value, from.valueSchema(), to.valueSchema());
            case MAP -> map((Map<?, ?>) value, from.valueSchema(), to.valueSchema());
            default -> value;
        };
    }

    /** Reads past the old defaults. What has no value is not written either: null is refused where it must not be. */
    private static Struct struct(Struct old, Schema to) {
        Struct moved = new Struct(to);
        for (Field field : to.fields()) {
            Object value = old.getWithoutDefault(field.name());
            if (value != null) {
                Schema from = old.schema().field(field.name()).schema();
                moved.put(field, moved(value, from, field.schema()));
            }
        }
        return moved;
    }

    private static List<Object> array(List<?> old, Schema from, Schema to) {
        List<Object> moved = new ArrayList<>(old.size());
        old.forEach(value -> moved.add(moved(value, from, to)));
        return moved;
    }

    private static Map<Object, Object> map(Map<?, ?> old, Schema from, Schema to) {
        Map<Object, Object> moved = new LinkedHashMap<>();
        old.forEach((key, value) -> moved.put(key, moved(value, from, to)));
        return moved;
    }
}
