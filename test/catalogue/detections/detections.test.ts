import { expect } from 'chai';
import { controlById } from '../../../operator/catalogue/controls/catalogue.ts';
import { detectionById, detectionHint, detections } from '../../../operator/catalogue/detections/detections.ts';
import { detectionRow, specifiedDetections } from './specified-detections.ts';

describe('detections', () => {
  it('has 45 detections with unique ids that no control has', () => {
    expect(new Set(detections.map(({ id }) => id)).size).to.equal(45);
    expect(detections.filter(({ id }) => controlById(id) !== undefined || !/^[a-z]+(-[a-z]+)*$/.test(id))).to.deep.equal([]);
  });

  for (const { id, title, description, why, next, techniques, needs } of detections)
    it(`${id} says what it reports, why, what to do next, and its techniques`, () => {
      for (const text of [description, why, next]) expect(text).to.match(/^[A-Z].{20,}\.$/s);
      expect(title).to.match(/^[A-Z].*[^.]$/);
      expect(techniques.length).to.be.greaterThan(0);
      for (const technique of techniques) expect(technique).to.match(/^T\d{4}(\.\d{3})?$/);
      expect(needs.length).to.be.greaterThan(0);
    });

  it('has the inputs, the normal, the severity and the limits of every detection that its specification lists', () => {
    expect(detections.map(detectionRow)).to.deep.equal(specifiedDetections);
  });

  it('gives rates a floor', () => {
    for (const { id, normal, parameters = {} } of detections)
      if (normal === 'rate') expect(parameters['floor']?.default, id).to.be.greaterThan(0);
  });

  it('finds a detection by id, and suggests one', () => {
    expect(detectionById('secret-read')?.severity).to.equal('medium');
    expect(detectionById('secret-reed')).to.equal(undefined);
    expect(detectionHint('secret-reed')).to.equal(" (did you mean 'secret-read'?)");
  });
});
