// Choosing a LiteDB file where an application adds Refold to its service container.
// Called by applications: `services.AddRefold().UseLiteDb("orders.db")`.
using Refold;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A journal in a LiteDB file.</summary>
public static class LiteDbRefoldExtensions
{
    /// <summary>A journal in a LiteDB file.</summary>
    /// <param name="builder">What <c>AddRefold</c> answered.</param>
    /// <param name="file">The file; made if need be. A relative one is below the current directory.</param>
    /// <returns>The same.</returns>
    public static RefoldBuilder UseLiteDb(this RefoldBuilder builder, string file)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Configure(options => options.UseLiteDb(file));
    }

    /// <summary>A journal in a LiteDB file.</summary>
    /// <param name="options">The options of <c>AddRefold</c>.</param>
    /// <param name="file">The file; made if need be. A relative one is below the current directory.</param>
    /// <returns>The same.</returns>
    public static RefoldOptions UseLiteDb(this RefoldOptions options, string file)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.UseJournal("litedb:" + file);
    }
}
