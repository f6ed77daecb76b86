// Of OSCAL 1.1.3 what the documents of Assay have. Source: NIST, OSCAL 1.1.3, JSON schema; test/oscal checks them by it.

export interface Property {
  readonly name: string;
  readonly ns: string;
  readonly class?: string;
  readonly value: string;
  readonly remarks?: string;
}

export interface Metadata {
  readonly title: string;
  readonly 'last-modified': string;
  readonly version: string;
  readonly 'oscal-version': string;
  readonly 'document-ids'?: readonly { readonly scheme: string; readonly identifier: string }[];
  readonly remarks?: string;
}

export interface Link {
  readonly href: string;
  readonly rel: 'reference';
}

export interface Resource {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly 'document-ids'?: Metadata['document-ids'];
  readonly rlinks?: readonly { readonly href: string; readonly 'media-type'?: string }[];
}

export interface BackMatter {
  readonly resources: readonly Resource[];
}

export interface Component {
  readonly uuid: string;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly props?: readonly Property[];
}

export interface SystemComponent extends Component {
  readonly status: { readonly state: 'operational' | 'other'; readonly remarks?: string };
}

export interface Origin {
  readonly actors: readonly { readonly type: 'tool'; readonly 'actor-uuid': string }[];
}

export interface Observation {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly props: readonly Property[];
  readonly methods: readonly ('EXAMINE' | 'TEST')[];
  readonly types: readonly string[];
  readonly origins: readonly Origin[];
  readonly subjects: readonly { readonly 'subject-uuid': string; readonly type: 'component' }[];
  readonly 'relevant-evidence'?: readonly { readonly href: string; readonly description: string }[];
  readonly collected: string;
}

interface RelatedObservation {
  readonly 'observation-uuid': string;
}

export interface Finding {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly origins: readonly Origin[];
  readonly target: {
    readonly type: 'statement-id';
    readonly 'target-id': string;
    // OSCAL knows `satisfied` too. No document of Assay says that.
    readonly status: { readonly state: 'not-satisfied'; readonly reason: string };
  };
  readonly 'related-observations': readonly RelatedObservation[];
  readonly 'related-risks': readonly { readonly 'risk-uuid': string }[];
}

export interface Risk {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly statement: string;
  readonly origins: readonly Origin[];
  readonly status: 'open' | 'deviation-approved';
  readonly deadline?: string;
  readonly 'related-observations': readonly RelatedObservation[];
}

/** What an assessor states in words. */
export interface Attestation {
  readonly parts: readonly {
    readonly uuid: string;
    readonly name: string;
    readonly ns: string;
    readonly class: string;
    readonly title: string;
    readonly props: readonly Property[];
    readonly prose: string;
  }[];
}

/** What came of one run. */
export interface Result {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly start: string;
  readonly end: string;
  readonly props: readonly Property[];
  readonly links: readonly Link[];
  readonly 'local-definitions': {
    readonly components: readonly SystemComponent[];
    readonly 'assessment-assets': {
      readonly components: readonly SystemComponent[];
      readonly 'assessment-platforms': readonly {
        readonly uuid: string;
        readonly title: string;
        readonly 'uses-components': readonly { readonly 'component-uuid': string }[];
      }[];
    };
  };
  readonly 'reviewed-controls': {
    readonly description: string;
    readonly links: readonly Link[];
    readonly 'control-selections': readonly {
      readonly description: string;
      readonly 'include-controls': readonly { readonly 'control-id': string }[];
    }[];
  };
  readonly attestations?: readonly Attestation[];
  readonly observations: readonly Observation[];
  readonly risks?: readonly Risk[];
  readonly findings?: readonly Finding[];
  readonly remarks: string;
}

export interface AssessmentResults {
  readonly 'assessment-results': {
    readonly uuid: string;
    readonly metadata: Metadata;
    readonly 'import-ap': { readonly href: string; readonly remarks: string };
    readonly results: readonly Result[];
    readonly 'back-matter': BackMatter;
  };
}

/** A part of a control: its statement, or what goes with it. */
export interface Part {
  readonly id: string;
  readonly name: string;
  readonly ns?: string;
  readonly prose: string;
}

export interface Control {
  readonly id: string;
  readonly class: string;
  readonly title: string;
  readonly props: readonly (Property | { readonly name: 'label'; readonly value: string })[];
  readonly parts: readonly Part[];
}

export interface Group {
  readonly id: string;
  readonly class: string;
  readonly title: string;
  readonly groups?: readonly Group[];
  readonly controls?: readonly Control[];
}

export interface Catalog {
  readonly catalog: { readonly uuid: string; readonly metadata: Metadata; readonly groups: readonly Group[] };
}

export interface ComponentDefinition {
  readonly 'component-definition': {
    readonly uuid: string;
    readonly metadata: Metadata;
    readonly components: readonly (Component & {
      readonly purpose: string;
      readonly links: readonly Link[];
      readonly remarks: string;
      readonly 'control-implementations': readonly {
        readonly uuid: string;
        readonly source: string;
        readonly description: string;
        readonly 'implemented-requirements': readonly {
          readonly uuid: string;
          readonly 'control-id': string;
          readonly description: string;
          readonly props: readonly Property[];
        }[];
      }[];
    })[];
    readonly 'back-matter': BackMatter;
  };
}
