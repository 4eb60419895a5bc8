// One entry type of a codec: its current schema version, how it is read, and the chain of upcasts below.
// Called by Codec<T>.
using System.Collections.Immutable;
using System.Globalization;
using Refold.Interop;

namespace Refold;

/// <summary>Reads a payload where it lies, where writing the value is proved to give the payload; false where that is not
/// known.</summary>
internal delegate bool ProvingRead<T>(ReadOnlySpan<byte> payload, out T value);

internal sealed record PayloadForm<T>
{
    private readonly Func<ReadOnlyMemory<byte>, T>? read;
    private readonly SpanDecoder<T>? readSpan;

    /// <summary>A form whose reader may keep the bytes.</summary>
    public PayloadForm(string typeName, int schemaVersion, Func<ReadOnlyMemory<byte>, T> read) =>
        (TypeName, SchemaVersion, this.read) = (typeName, schemaVersion, read);

    /// <summary>A form that is read where it lies.</summary>
    public PayloadForm(string typeName, int schemaVersion, SpanDecoder<T> read) =>
        (TypeName, SchemaVersion, readSpan) = (typeName, schemaVersion, read);

    public string TypeName { get; }

    public int SchemaVersion { get; private init; }

    private ImmutableSortedDictionary<int, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> Upcasts { get; init; } =
        ImmutableSortedDictionary<int, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>>.Empty;

    /// <summary>Reads payloads of the current version; null where nothing is proved.</summary>
    public ProvingRead<T>? Prove { get; init; }

    public PayloadForm<T> WithVersion(int schemaVersion)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        if (!Upcasts.IsEmpty && Upcasts.Keys.Last() >= schemaVersion)
            throw new ArgumentException(
                $"'{TypeName}' has an upcast from schema version {Text(Upcasts.Keys.Last())}, which must stay below the current one.",
                nameof(schemaVersion));
        return this with { SchemaVersion = schemaVersion };
    }

    public PayloadForm<T> WithUpcast(int fromVersion, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> upcast)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromVersion, 1);
        if (fromVersion >= SchemaVersion)
            throw new ArgumentException(
                $"An upcast of '{TypeName}' starts below its schema version {Text(SchemaVersion)}; set the current one first.",
                nameof(fromVersion));
        if (Upcasts.ContainsKey(fromVersion))
            throw new ArgumentException(
                $"'{TypeName}' already has an upcast from schema version {Text(fromVersion)}.", nameof(fromVersion));
        return this with { Upcasts = Upcasts.Add(fromVersion, upcast) };
    }

    public T Decode(int schemaVersion, ReadOnlyMemory<byte> payload)
    {
        if (schemaVersion > SchemaVersion) throw CodecFunctions.NewerSchema(TypeName, schemaVersion, SchemaVersion);
        try
        {
            for (var version = schemaVersion; version < SchemaVersion; version++)
                payload = Upcasts.TryGetValue(version, out var upcast)
                    ? upcast(payload)
                    : throw CodecFunctions.MissingUpcast(TypeName, version);
            return readSpan is null ? read!(payload) : readSpan(payload.Span);
        }
        catch (Exception fault) when (CodecFunctions.IsFaultOfFunction(fault))
        {
            throw CodecFunctions.Undecodable(TypeName, fault);
        }
    }

    /// <summary>As <see cref="Decode(int, ReadOnlyMemory{byte})"/>, of bytes that stay only for the call; what may keep them gets a
    /// copy.</summary>
    public T Decode(int schemaVersion, ReadOnlySpan<byte> payload)
    {
        if (readSpan is null || schemaVersion != SchemaVersion) return Decode(schemaVersion, payload.ToArray().AsMemory());
        try
        {
            return readSpan(payload);
        }
        catch (Exception fault) when (CodecFunctions.IsFaultOfFunction(fault))
        {
            throw CodecFunctions.Undecodable(TypeName, fault);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
