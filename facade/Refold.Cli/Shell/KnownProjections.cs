// The projections that the tool runs by id: the built-in one, and those of a program's library.
// Made by project and evidence for --with.
using System.CommandLine;
using System.Globalization;

namespace Refold.Cli.Shell;

/// <summary>Projections by id.</summary>
internal sealed class KnownProjections
{
    private readonly ProjectionRegistry registry = new ProjectionRegistry().Register(ActivityCounts.Projection);
    private readonly string? library;
    private readonly string[] ofLibrary = [];

    private KnownProjections(string? library)
    {
        if (library is null) return;
        var found = ProgramLibrary.Projections(library);
        if (found.FirstOrDefault(IsTaken) is { Id: var taken })
            throw new ToolException(
                ExitCode.Unreadable, $"{library} has a Projection with the id '{taken}', which is the built-in one's; give it another id.");
        foreach (var projection in found) registry.Register(projection);
        this.library = library;
        ofLibrary = [.. found.Select(projection => projection.Id).Except([ActivityCounts.Projection.Id]).Order(StringComparer.Ordinal)];

        bool IsTaken(Core.IRegisteredProjection projection) => registry.Registered.Any(
            known => known.Id == projection.Id && !ReferenceEquals(known.Projection, projection.Projection));
    }

    /// <summary>The library whose projections are known beside the built-in one.</summary>
    public static Option<string?> With { get; } = Options.Text(
        "--with", "LIB.dll", "A program's library: its public static Projection and ProjectionRegistry values are known by their ids");

    public static KnownProjections Of(ParseResult arguments) => new(arguments.GetValue(With));

    /// <summary>Refuses an id that nobody has.</summary>
    /// <param name="id">The id.</param>
    /// <param name="saying">What asked for it, as the beginning of a sentence; null for the command line.</param>
    public void Require(string id, string? saying = null)
    {
        if (registry.Contains(id)) return;
        string missing = saying ?? (library is null ? $"There is no projection '{id}'" : $"{library} has no projection '{id}'");
        throw new ToolException(ExitCode.Usage, library is null
            ? $"{missing}; built in is {ActivityCounts.Projection.Id}. Name the library of a program by --with LIB.dll."
            : $"{missing}; {(saying is null ? "it" : library)} has {string.Join(", ", ofLibrary)}, "
                + $"and built in is {ActivityCounts.Projection.Id}.");
    }

    /// <summary>Runs a projection that is known; a failed run throws <see cref="ProjectionFailedException"/>. A projection of a program
    /// may not end for long: it is left behind when it is interrupted.</summary>
    public async Task<RegisteredResult> RunAsync(string id, ILocalJournal journal, long? at, CancellationToken cancellationToken)
    {
        try
        {
            return await Interruption.LeaveAsync(() => registry.TryRun(id, journal, at)!, cancellationToken);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture,
                $"--at is {at}, and no batch of the journal holds that position; the head is at {journal.Head.Position}."));
        }
    }
}
