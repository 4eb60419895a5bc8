// Frozen dictionaries as objects; the serializer writes them and cannot read them.
// Registered by JsonRules.
using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

/// <summary>Converters for frozen dictionaries.</summary>
internal sealed class FrozenDictionaryConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => ArgumentsOf(typeToConvert) is not null;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(FrozenDictionaryConverter<,>).MakeGenericType(ArgumentsOf(typeToConvert)!))!;

    /// <summary>The types of keys and values; null for what is no frozen dictionary.</summary>
    public static Type[]? ArgumentsOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(FrozenDictionary<,>) ? type.GetGenericArguments() : null;
}

/// <summary>One kind of frozen dictionary.</summary>
internal sealed class FrozenDictionaryConverter<TKey, TValue> : JsonConverter<FrozenDictionary<TKey, TValue>>
    where TKey : notnull
{
    public override FrozenDictionary<TKey, TValue> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("An object is expected.");
        var keys = KeyConverter(options);
        var values = (JsonTypeInfo<TValue>)options.GetTypeInfo(typeof(TValue));
        var found = new Dictionary<TKey, TValue>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = keys.ReadAsPropertyName(ref reader, typeof(TKey), options);
            reader.Read();
            if (!found.TryAdd(key, JsonSerializer.Deserialize(ref reader, values)!)) throw new JsonException("A key occurs twice.");
        }

        return found.ToFrozenDictionary();
    }

    public override void Write(Utf8JsonWriter writer, FrozenDictionary<TKey, TValue> value, JsonSerializerOptions options)
    {
        var keys = KeyConverter(options);
        var values = (JsonTypeInfo<TValue>)options.GetTypeInfo(typeof(TValue));
        writer.WriteStartObject();
        foreach (var (key, item) in value)
        {
            keys.WriteAsPropertyName(writer, key, options);
            JsonSerializer.Serialize(writer, item, values);
        }

        writer.WriteEndObject();
    }

    private static JsonConverter<TKey> KeyConverter(JsonSerializerOptions options) =>
        (JsonConverter<TKey>)options.GetTypeInfo(typeof(TKey)).Converter;
}
