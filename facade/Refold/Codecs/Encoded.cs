// A payload with what a reader must know to read it. The core's Encoded, mirrored.
// Made and read by codecs; handed to the function of a codec that a user writes.
namespace Refold;

/// <summary>A payload with what a reader must know to read it. Equal by content.</summary>
/// <param name="Type">An explicit name of what the payload is; never a CLR type name.</param>
/// <param name="SchemaVersion">The payload's schema version, from 1.</param>
/// <param name="Payload">The bytes. They must not be changed afterwards.</param>
public sealed record Encoded(string Type, int SchemaVersion, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Whether something in it was replaced, which was not to be written.</summary>
    internal bool IsRedacted => Interop.RedactedPaths.IsMarked(Payload);

    /// <summary>Whether both are the same bytes under the same name and version.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(Encoded? other) =>
        other is not null && Type == other.Type && SchemaVersion == other.SchemaVersion && Payload.Span.SequenceEqual(other.Payload.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SchemaVersion, Payload.Length);

    /// <summary>Type, schema version and size on one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Type} version {SchemaVersion}, {Payload.Length} bytes");
}
