// What a projection reads. The core's, mirrored.
// Given to Projection.Create; shown by reports.
namespace Refold;

/// <summary>Something a projection reads. A projection with several types reads any of them, with several streams any of them, with
/// several tags entries that have all of them.</summary>
public abstract record ProjectionSource
{
    private ProjectionSource()
    {
    }

    /// <summary>A stream, by its name.</summary>
    /// <param name="Name">The name.</param>
    public sealed record Stream(string Name) : ProjectionSource;

    /// <summary>Entries of a type, by its name.</summary>
    /// <param name="Name">The name.</param>
    public sealed record Type(string Name) : ProjectionSource;

    /// <summary>Entries that have a tag; <c>kind:external</c> and <c>kind:derived</c> ask for provenance.</summary>
    /// <param name="Text">The tag.</param>
    public sealed record Tag(string Text) : ProjectionSource;

    /// <summary>Entries at these positions, both included.</summary>
    /// <param name="First">The first position, from 1.</param>
    /// <param name="Last">The last position; <see cref="long.MaxValue"/> for no end.</param>
    public sealed record Range(long First, long Last) : ProjectionSource;

    internal Core.ProjectionSourceRef ToCore() => this switch
    {
        Stream stream => Core.ProjectionSourceRef.NewEntity(stream.Name),
        Type type => Core.ProjectionSourceRef.NewRelevantKind(type.Name),
        Tag tag => Core.ProjectionSourceRef.NewTag(tag.Text),
        Range range => Core.ProjectionSourceRef.NewRange(range.First, range.Last),
        _ => throw new InvalidOperationException(),
    };
}
