// What an append expects of a stream. The core's ExpectedVersion, mirrored.
// Given with an append; carried by ConcurrencyException.
using System.Globalization;

namespace Refold;

/// <summary>The version a stream must have for an append to be committed.</summary>
public readonly record struct ExpectedVersion
{
    private readonly long code;

    private ExpectedVersion(long code) => this.code = code;

    /// <summary>Whatever the stream's version is; also the default value.</summary>
    public static ExpectedVersion Any => default;

    /// <summary>The stream has never had an entry. A stream whose entries were deleted is not absent.</summary>
    public static ExpectedVersion NoStream => new(-1);

    /// <summary>The stream has had at least one entry.</summary>
    public static ExpectedVersion Exists => new(-2);

    /// <summary>The stream's highest version is exactly this one.</summary>
    /// <param name="version">1 or more.</param>
    /// <returns>The expectation.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The version is below 1: "no stream" is <see cref="NoStream"/>.</exception>
    public static ExpectedVersion Exactly(long version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        return new ExpectedVersion(version);
    }

    internal Core.ExpectedVersion ToCore() => code switch
    {
        0 => Core.ExpectedVersion.Any,
        -1 => Core.ExpectedVersion.NoStream,
        -2 => Core.ExpectedVersion.Exists,
        _ => Core.ExpectedVersion.NewExactly(code),
    };

    internal static ExpectedVersion FromCore(Core.ExpectedVersion expected) =>
        expected.IsAny ? Any
        : expected.IsNoStream ? NoStream
        : expected.IsExists ? Exists
        : new ExpectedVersion(expected.version);

    /// <summary>"any", "no stream", "an existing stream" or "version N".</summary>
    /// <returns>The words.</returns>
    public override string ToString() => code switch
    {
        0 => "any",
        -1 => "no stream",
        -2 => "an existing stream",
        _ => "version " + code.ToString(CultureInfo.InvariantCulture),
    };
}
