// Making codecs: from functions, from enums and text, from JSON metadata.
// Called by applications where they define an aggregate.
using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>Makes codecs. Entry types are explicit names, never CLR names, so that renaming a class changes
/// nothing that was recorded.</summary>
public static class Codec
{
    /// <summary>A codec of two functions.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <param name="encode">Value to bytes: equal values, equal bytes. A <see cref="FormatException"/>
    /// says that the value has none.</param>
    /// <param name="decode">Bytes to value. A <see cref="FormatException"/> says that the bytes are none.</param>
    /// <param name="schemaVersion">The version written, from 1.</param>
    /// <returns>The codec.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public static Codec<T> Create<T>(
        string typeName, Func<T, ReadOnlyMemory<byte>> encode, Func<ReadOnlyMemory<byte>, T> decode, int schemaVersion = 1)
    {
        ArgumentNullException.ThrowIfNull(encode);
        ArgumentNullException.ThrowIfNull(decode);
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        var type = CodecFunctions.TypeName(typeName);
        // A copy, but where bytes are only compared: the function may use its own again, and its next value would change this one.
        return Of(
            (ref T value, Core.PayloadWriter? comparing) =>
                (type, comparing is null ? encode(value).ToArray().AsMemory() : encode(value)),
            new PayloadForm<T>(type, schemaVersion, decode), null);
    }

    /// <summary>A codec of two functions that need no array for a payload: one writes into a buffer, one reads the bytes where they lie.
    /// Folds over segment files copy no payload then.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <param name="encode">Writes the value's bytes: equal values, equal bytes. A <see cref="FormatException"/> says that the value has
    /// none. What the writer hands out is zeroed. The writer must not be used afterwards; it refuses that.</param>
    /// <param name="decode">Bytes to value. A <see cref="FormatException"/> says that the bytes are none.</param>
    /// <param name="schemaVersion">The version written, from 1.</param>
    /// <returns>The codec.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    /// <example><code>
    /// Codec.Create&lt;long&gt;(
    ///     "moved",
    ///     (amount, writer) =>
    ///     {
    ///         BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), amount);
    ///         writer.Advance(8);
    ///     },
    ///     payload => payload.Length == 8
    ///         ? BinaryPrimitives.ReadInt64LittleEndian(payload)
    ///         : throw new FormatException("8 bytes expected"))
    /// </code></example>
    public static Codec<T> Create<T>(
        string typeName, Action<T, IBufferWriter<byte>> encode, SpanDecoder<T> decode, int schemaVersion = 1)
    {
        ArgumentNullException.ThrowIfNull(encode);
        ArgumentNullException.ThrowIfNull(decode);
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        var type = CodecFunctions.TypeName(typeName);
        return Of(new SpanEncoding<T>(type, encode).Encode, new PayloadForm<T>(type, schemaVersion, decode), null);
    }

    /// <summary>A codec for one type over source-generated JSON metadata, with Refold's rules for exact and canonical JSON.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="typeInfo">The type's metadata, such as <c>OrdersContext.Default.OrderState</c>.</param>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <returns>The codec, of schema version 1.</returns>
    /// <remarks>
    /// <para>Integers of 64 bits and more and decimals are strings; floating-point numbers are numbers, except "-0", "NaN", "Infinity" and
    /// "-Infinity"; enums are names; sets are sorted. The bytes are canonical (RFC 8785): values that are alike in every part give equal
    /// bytes in every process and culture. 1.0m and 1.00m are equal and yet not alike: a decimal keeps its scale, a time its offset.
    /// The sign of a decimal zero alone is not kept.</para>
    /// <para>What is encoded comes back exactly. A type that cannot is refused here: public fields that are not written (value tuples),
    /// members without a way back (no setter, ignored), members that say nothing about their form (object, JsonElement, interfaces and
    /// abstract classes without declared polymorphism), stacks, keys that are floating-point numbers. What only a value shows is refused
    /// when it is encoded: it is decoded again and compared part by part, types, kinds of collection and comparers included. The comparer
    /// of a collection must be the default (for equality of strings also the ordinal one), or the one that its own class chooses.</para>
    /// <para>Reading refuses what is not written so: unknown, repeated and missing members, nulls where none may be (also among the
    /// items of a collection), local times, other texts of enums, numbers and times, sets in another order. Spaces, the order of
    /// members, escapes in strings and the digits of floating-point numbers are free. Nesting goes down to 512 levels.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The name breaks a rule, or values of the type cannot be brought back exactly; the message names
    /// the member.</exception>
    public static Codec<T> Json<T>(JsonTypeInfo<T> typeInfo, string typeName)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        var form = new JsonForm<T>(JsonRules.Over(typeInfo.Options));
        var type = CodecFunctions.TypeName(typeName);
        return Of(
            (ref T value, Core.PayloadWriter? _) => (type, form.Write(value)),
            new PayloadForm<T>(type, 1, form.Read) { Prove = form.TryProve },
            form);
    }

    /// <summary>A codec for a closed hierarchy: one entry type for each derived type, whose JSON is the payload. Rules as in
    /// <see cref="Json{T}(JsonTypeInfo{T}, string)"/>.</summary>
    /// <typeparam name="TBase">The base of the hierarchy.</typeparam>
    /// <param name="typeInfo">The base's metadata; the derived types are looked up in its context.</param>
    /// <param name="types">Adds the derived types: <c>types => types.Add&lt;Placed&gt;("placed").Add&lt;Won&gt;("won")</c>.</param>
    /// <returns>The codec.</returns>
    /// <exception cref="ArgumentException">A name breaks a rule or occurs twice, the context does not know a type, values of a type cannot
    /// be brought back exactly, or none was added.</exception>
    public static Codec<TBase> Json<TBase>(JsonTypeInfo<TBase> typeInfo, Action<JsonTypes<TBase>> types)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        ArgumentNullException.ThrowIfNull(types);
        var collected = new JsonTypes<TBase>(JsonRules.Over(typeInfo.Options));
        types(collected);
        return collected.Build();
    }

    /// <summary>A codec for an enum: the name as a JSON string. Renaming a member changes the payload; its number does not count.</summary>
    /// <typeparam name="TEnum">The enum; no two members with one number.</typeparam>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <returns>The codec, of schema version 1. A value without a name cannot be encoded.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule, or the enum has two names for one number.</exception>
    public static Codec<TEnum> Enum<TEnum>(string typeName)
        where TEnum : struct, Enum
    {
        if (System.Enum.GetValues<TEnum>().Distinct().Count() != System.Enum.GetNames<TEnum>().Length)
            throw new ArgumentException($"{typeof(TEnum)} has two names for one number.", nameof(typeName));
        return CreateOwn<TEnum>(
            typeName,
            value =>
                System.Enum.GetName(value) is { } name
                    ? CanonicalJson.OfText(name)
                    : throw new FormatException($"{value:D} has no name in {typeof(TEnum).Name}"),
            payload =>
                CanonicalJson.ToText(payload) is var name && System.Enum.TryParse<TEnum>(name, out var value)
                    && System.Enum.GetName(value) == name
                ? value
                : throw new FormatException($"'{name}' is no name in {typeof(TEnum).Name}"));
    }

    /// <summary>A codec for text: a JSON string, so that it can be read in exports.</summary>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <returns>The codec, of schema version 1. Null, and text with a lone surrogate, cannot be encoded.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public static Codec<string> Text(string typeName) => CreateOwn(typeName, CanonicalJson.OfText, CanonicalJson.ToText);

    // Of functions that use no array again.
    private static Codec<T> CreateOwn<T>(string typeName, Func<T, ReadOnlyMemory<byte>> encode, Func<ReadOnlyMemory<byte>, T> decode)
    {
        var type = CodecFunctions.TypeName(typeName);
        return Of((ref T value, Core.PayloadWriter? _) => (type, encode(value)), new PayloadForm<T>(type, 1, decode), null);
    }

    private static Codec<T> Of<T>(PayloadEncoding<T> encode, PayloadForm<T> payload, JsonForm<T>? form)
    {
        var type = payload.TypeName;
        return new Codec<T>(
            encode,
            ImmutableDictionary.Create<string, PayloadForm<T>>(StringComparer.Ordinal).Add(type, payload),
            settle: form is null
                ? null
                : (value, room) => form.TrySettle(value, room) is var (written, back) ? new SettledValue<T>(type, written, back) : null)
        {
            MayLead = form is null ? null : form.MayLead,
            TypeNamesOfClasses = form is null ? null : new Dictionary<Type, string> { [typeof(T)] = type },
        };
    }
}
