// A codec: how values become payloads and payloads values, with the upcasts of older schema versions. The core's Codec, mirrored.
// Made by the static class Codec; part of an aggregate; used by applications that read entries themselves.
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>Both directions of a payload's form. Immutable.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <remarks>
/// Encoding what was decoded from a payload of the current schema version must give the same bytes: replay checks it.
/// Whatever is thrown while a payload is decoded, by a function, an upcast or a constructor, says that the payload cannot be decoded.
/// While a value is encoded, a <see cref="FormatException"/> or <see cref="System.Text.Json.JsonException"/> of a codec's function means
/// that the value has no payload; every other exception is taken for a mistake in the function and let through.
/// </remarks>
public sealed partial class Codec<T>
{
    private readonly PayloadEncoding<T> encode;
    private readonly ImmutableDictionary<string, PayloadForm<T>> forms;
    private readonly PayloadForm<T>? only;
    private readonly RedactedPaths? redacted;
    private readonly Func<T, PayloadRoom, SettledValue<T>?>? settle;
    private readonly bool isCore;

    internal Codec(
        PayloadEncoding<T> encode,
        ImmutableDictionary<string, PayloadForm<T>> forms,
        RedactedPaths? redacted = null,
        Func<T, PayloadRoom, SettledValue<T>?>? settle = null)
    {
        this.encode = encode;
        this.forms = forms;
        this.redacted = redacted;
        this.settle = settle;
        only = forms.Count == 1 ? forms.Values.Single() : null;
        Value = CodecFunctions.ToCore(this, redacted is null ? null : this, settle is null ? null : this);
    }

    /// <summary>A codec of the core, taken as it is. Its types and versions are its own.</summary>
    internal Codec(Core.Codec<T> value)
    {
        Value = value;
        encode = (ref T _, Core.PayloadWriter? _) => default;
        forms = ImmutableDictionary<string, PayloadForm<T>>.Empty;
        isCore = true;
    }

    internal Core.Codec<T> Value { get; }

    /// <summary>The type names that this codec writes and reads, in ordinal order.</summary>
    public IReadOnlyList<string> TypeNames => [.. forms.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Value to payload.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The payload, of the current schema version.</returns>
    /// <exception cref="CodecException">The value has no payload.</exception>
    public Encoded Encode(T value) => Encode(value, null);

    /// <summary>Payload to value; an older schema version is upcast, a newer one refused.</summary>
    /// <param name="encoded">The payload.</param>
    /// <returns>The value.</returns>
    /// <exception cref="CodecException">No codec knows the type, the schema version is newer or has no upcast, or
    /// the payload does not fit.</exception>
    public T Decode(Encoded encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        return isCore ? CodecFunctions.Decode(Value, encoded) : Read(encoded.Type, encoded.SchemaVersion, encoded.Payload);
    }

    /// <summary>The value of an entry's payload.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>The value.</returns>
    /// <exception cref="CodecException">As <see cref="Decode(Encoded)"/>.</exception>
    public T Decode(JournalEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Decode(new Encoded(entry.Type, entry.SchemaVersion, entry.Payload));
    }

    /// <summary>The codec that does not write what lies at JSON paths. Each such value is replaced by <c>"[redacted]"</c>, and the payload
    /// says that something was: it is <c>{"$redacted":PAYLOAD}</c>. No hash and no length of the value is kept.</summary>
    /// <param name="paths">Such as <c>$.card.number</c> or <c>$.items[*].secret</c>, with the names of the JSON. A path that leads nowhere
    /// in a payload replaces nothing there; one that can lead nowhere in any is refused, where the codec is made of JSON metadata.</param>
    /// <returns>The changed codec; called again, it redacts by more paths.</returns>
    /// <remarks>
    /// <para>Decide and the function of an operation get the values; the journal, states, snapshots, reports, logs and exceptions do
    /// not.</para>
    /// <para>What is read back has the text in the place of the value, so an event and a refusal need a member there that can hold a text.
    /// A command need not; it is not decided again when its run is verified, which is <see cref="ReplayVerdict.Incomplete"/> then.</para>
    /// <para>Redacting more or less than before is another form of the payload: raise the schema version (<see cref="WithVersion"/>), with
    /// an upcast that changes nothing.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">An item is no path, or leads nowhere in the JSON of the type.</exception>
    /// <example><code>
    /// Codec.Json(Json.Default.Pay, "pay").WithRedaction("$.card.number", "$.card.cvv")
    /// </code></example>
    public Codec<T> WithRedaction(params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var added = RedactedPaths.Of(paths, nameof(paths));
        if (MayLead is { } mayLead && added.FirstThatFails(mayLead) is { } astray)
            throw new ArgumentException(
                $"The path {astray} leads nowhere in the JSON of {typeof(T).Name}, so it would hide nothing. Members are named as in the "
                + "JSON, with the same case.", nameof(paths));
        return isCore
            ? new Codec<T>(RedactedPaths.Over(Value, paths))
            : new Codec<T>(encode, forms, redacted is null ? added : redacted.And(added))
            {
                MayLead = MayLead,
                TypeNamesOfClasses = TypeNamesOfClasses,
            };
    }

    /// <summary>The codec with another current schema version of one type. Older versions then need an upcast each.</summary>
    /// <param name="typeName">One of <see cref="TypeNames"/>.</param>
    /// <param name="schemaVersion">The version written from now on, from 1.</param>
    /// <returns>The changed codec.</returns>
    /// <exception cref="ArgumentException">The codec does not have the type, or has an upcast from that version or a later one.</exception>
    public Codec<T> WithVersion(string typeName, int schemaVersion) =>
        With(typeName, form => form.WithVersion(schemaVersion));

    /// <summary>The codec with an upcast of one type, from one schema version to the next. Upcasts form a chain
    /// up to the current version, and may be added in any order.</summary>
    /// <param name="typeName">One of <see cref="TypeNames"/>.</param>
    /// <param name="fromVersion">The version it reads, below the current one.</param>
    /// <param name="upcast">Makes the payload of the next version; a pure function.</param>
    /// <returns>The changed codec.</returns>
    /// <exception cref="ArgumentException">The codec does not have the type, has an upcast from that version, or the version is
    /// not below the current one.</exception>
    public Codec<T> WithUpcast(string typeName, int fromVersion, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> upcast)
    {
        ArgumentNullException.ThrowIfNull(upcast);
        return With(typeName, form => form.WithUpcast(fromVersion, upcast));
    }

    /// <summary>As <see cref="WithUpcast(string, int, Func{ReadOnlyMemory{byte}, ReadOnlyMemory{byte}})"/>, from JSON object to JSON
    /// object: <c>WithJsonUpcast("placed", 1, json => { json["unit"] = "piece"; return json; })</c>.</summary>
    /// <param name="typeName">One of <see cref="TypeNames"/>.</param>
    /// <param name="fromVersion">The version it reads, below the current one.</param>
    /// <param name="upcast">Makes the object of the next version; it may change and return the one it is given, which is its own. Integers
    /// of 64 bits and decimals are strings in it.</param>
    /// <returns>The changed codec.</returns>
    /// <exception cref="ArgumentException">As with bytes.</exception>
    public Codec<T> WithJsonUpcast(string typeName, int fromVersion, Func<JsonObject, JsonObject> upcast)
    {
        ArgumentNullException.ThrowIfNull(upcast);
        return WithUpcast(typeName, fromVersion, payload => JsonUpcast.Apply(payload, upcast));
    }

    /// <summary>As <see cref="WithUpcast(string, int, Func{ReadOnlyMemory{byte}, ReadOnlyMemory{byte}})"/>, from a type that looks as the
    /// payload did to one that looks as it did next, or does now.</summary>
    /// <typeparam name="TOld">The form of <paramref name="fromVersion"/>, kept for reading.</typeparam>
    /// <typeparam name="TNext">The form of the next version.</typeparam>
    /// <param name="typeName">One of <see cref="TypeNames"/>.</param>
    /// <param name="fromVersion">The version it reads, below the current one.</param>
    /// <param name="old">The metadata of the older form.</param>
    /// <param name="next">The metadata of the next form.</param>
    /// <param name="upcast">Makes the one from the other; a pure function.</param>
    /// <returns>The changed codec.</returns>
    /// <exception cref="ArgumentException">As with bytes; or values of a form cannot be brought back exactly from JSON.</exception>
    public Codec<T> WithUpcast<TOld, TNext>(
        string typeName, int fromVersion, JsonTypeInfo<TOld> old, JsonTypeInfo<TNext> next, Func<TOld, TNext> upcast)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(upcast);
        var (oldForm, nextForm) = (new JsonForm<TOld>(JsonRules.Over(old.Options)), new JsonForm<TNext>(JsonRules.Over(next.Options)));
        return WithUpcast(typeName, fromVersion, payload => nextForm.Write(upcast(oldForm.Read(payload.Span))));
    }

    private Codec<T> With(string typeName, Func<PayloadForm<T>, PayloadForm<T>> change)
    {
        ArgumentNullException.ThrowIfNull(typeName);
        if (!forms.TryGetValue(typeName, out var form))
            throw new ArgumentException($"The codec has no type '{typeName}'; it has {string.Join(", ", TypeNames)}.", nameof(typeName));
        return new Codec<T>(encode, forms.SetItem(typeName, change(form)), redacted, settle)
        {
            MayLead = MayLead,
            TypeNamesOfClasses = TypeNamesOfClasses,
        };
    }
}
