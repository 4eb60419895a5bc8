// The head of a journal. The core's Head, mirrored.
// In every receipt; kept by whoever keeps a place in a journal.
namespace Refold;

/// <summary>The last position of a journal and the hash that vouches for everything up to it. The default is an empty journal's.</summary>
public readonly struct Head : IEquatable<Head>
{
    internal Head(Core.Head value) => Value = value;

    /// <summary>Makes a head from its parts.</summary>
    /// <param name="position">The last position; 0 for an empty journal.</param>
    /// <param name="hash">64 hexadecimal digits.</param>
    /// <exception cref="FormatException">The hash is not 64 hexadecimal digits.</exception>
    public Head(long position, string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        var parsed = Core.Hash.TryParse(hash);
        Value = new Core.Head(position, parsed is null ? throw new FormatException("A head hash has 64 hexadecimal digits.") : parsed.Value);
    }

    internal Core.Head Value { get; }

    /// <summary>The last position; 0 for an empty journal.</summary>
    public long Position => Value.Position;

    /// <summary>64 lower-case hexadecimal digits; zeros for an empty journal.</summary>
    public string Hash => Value.Hash.ToString();

    /// <summary>Whether both name the same place of the same history.</summary>
    /// <param name="left">One head.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they are equal.</returns>
    public static bool operator ==(Head left, Head right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    /// <param name="left">One head.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they differ.</returns>
    public static bool operator !=(Head left, Head right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Head other) => Value.Position == other.Value.Position && Value.Hash.Equals(other.Value.Hash);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Head head && Equals(head);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.Hash.GetHashCode();

    /// <summary>"position:hash".</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Position}:{Hash}");
}
